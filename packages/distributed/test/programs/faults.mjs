// faults.mjs WHAT: what may go wrong, on rank 1.
import { connect } from "@dropwise/distributed";

const what = process.argv[2];
const rank = Number(process.env.OMPI_COMM_WORLD_RANK ?? process.env.PMI_RANK);
const forever = () => new Promise((resolve) => setTimeout(resolve, 60_000));
if (what === "absent" && rank === 1) process.exit(0);
if (what === "hung" && rank === 1) await forever();

const group = await connect({ timeout: 3, joinTimeout: what === "hung" || what === "absent" ? 3 : 60 });
await group.barrier();
if (rank === 1) {
  if (what === "throw") throw new Error("own fault");
  if (what === "kill") process.kill(process.pid, "SIGKILL");
  if (what === "silent") await forever();
  if (what === "slow") await new Promise((resolve) => setTimeout(resolve, 1500));
}
const before = process.cpuUsage();
await group.allReduce(new Float32Array(100_000));
const { user, system } = process.cpuUsage(before);
console.log(`rank ${rank} waited with ${Math.round((user + system) / 1000)} ms of work`);
if (what !== "unclosed") await group.close();
