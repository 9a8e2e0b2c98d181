/**
 * Training on two hosts, which are network namespaces of this machine with a cable between them: the same bits as one process, by TCP alone, under each launcher that is installed; and then the cable is
 * cut, and every process ends with an error. Needs root and iproute2, on Linux.
 *
 *     npm run test:hosts -w @dropwise/distributed
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isInstalled, WILLING } from "../test/launchers.mjs";

const HOSTS = ["dropwise-a", "dropwise-b"];
const ADDRESSES = ["10.99.0.1", "10.99.0.2"];
const PLACES = ADDRESSES.map((address, i) => `${address}:${2 - i}`).join();
const CABLE = ["dwva", "dwvb"];

const program = (/** @type {string} */ name) => fileURLToPath(new URL(`../test/programs/${name}`, import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "dropwise-hosts-"));
const agent = join(scratch, "agent.sh");
// By TCP: both libraries would see that it is one machine, and go through its memory.
const env = { ...process.env, NO_COLOR: "1", ...WILLING, UCX_TLS: "tcp,self" };

const LAUNCHERS = {
  "mpirun.openmpi": `--host ${PLACES} --mca plm_rsh_agent ${agent} --mca btl tcp,self --mca btl_tcp_if_include 10.99.0.0/24 --mca oob_tcp_if_include 10.99.0.0/24`,
  "mpiexec.mpich": `-launcher ssh -launcher-exec ${agent} -iface ${CABLE[0]} -hosts ${PLACES}`,
};

/** @param {string} command */
function ip(command) {
  const { status, stderr } = spawnSync("ip", command.split(" "), { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${command}: ${stderr.trim()}`);
}

function lay() {
  HOSTS.forEach((host) => {
    ip(`netns add ${host}`);
  });
  ip(`link add ${CABLE[0]} type veth peer name ${CABLE[1]}`);
  HOSTS.forEach((host, i) => {
    ip(`link set ${CABLE[i]} netns ${host}`);
    ip(`-n ${host} addr add ${ADDRESSES[i]}/24 dev ${CABLE[i]}`);
    ip(`-n ${host} link set ${CABLE[i]} up`);
    ip(`-n ${host} link set lo up`);
  });
  // What a launcher calls in place of ssh: agent.sh [options] ADDRESS COMMAND...
  writeFileSync(
    agent,
    `#!/bin/sh\nwhile [ "\${1#-}" != "$1" ]; do shift; done\ncase "$1" in ${ADDRESSES[0]}) host=${HOSTS[0]};; *) host=${HOSTS[1]};; esac\nshift\nexec ip netns exec $host unshare --uts sh -c "hostname $host; $*"\n`,
  );
  chmodSync(agent, 0o755);
}

function clear() {
  for (const host of HOSTS) spawnSync("ip", ["netns", "del", host], { stdio: "ignore" });
  rmSync(scratch, { recursive: true });
}

/**
 * A program of three processes, two on the first host; `onOutput` is told what it has printed so far.
 *
 * @param {keyof typeof LAUNCHERS} launcher @param {string} command @param {(output: string) => void} [onOutput]
 * @returns {Promise<{ status: number | null, output: string }>}
 */
function launch(launcher, command, onOutput = () => {}) {
  const line = `hostname ${HOSTS[0]}; exec ${launcher} ${LAUNCHERS[launcher]} -n 3 ${process.execPath} ${command}`;
  const child = spawn("ip", ["netns", "exec", HOSTS[0] ?? "", "unshare", "--uts", "sh", "-c", line], { env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      output += data;
      onOutput(output);
    });
  }
  const killer = setTimeout(() => child.kill("SIGKILL"), 120_000);
  return new Promise((resolve) =>
    child.on("close", (status) => {
      clearTimeout(killer);
      resolve({ status, output });
    }),
  );
}

let faults = 0;
/** @param {string} what @param {boolean} holds @param {string} output */
function check(what, holds, output) {
  console.log(`${holds ? "ok    " : "FAILED"} ${what}`);
  if (!holds) faults++;
  if (!holds) console.log(output);
}

try {
  lay();
  const alone = spawnSync(process.execPath, [program("train.mjs")], { encoding: "utf8" }).stdout.trim();
  for (const launcher of /** @type {(keyof typeof LAUNCHERS)[]} */ (Object.keys(LAUNCHERS))) {
    if (!isInstalled(launcher)) {
      console.log(`       ${launcher} is not installed`);
      continue;
    }
    const trained = await launch(launcher, program("train.mjs"));
    check(`${launcher}: the bits of one process`, trained.status === 0 && trained.output.trim() === alone, trained.output);

    let isCut = false;
    const cut = await launch(launcher, program("until-cut.mjs"), (output) => {
      if (isCut || output.match(/rank \d on/g)?.length !== 3) return;
      isCut = true;
      // A second for calls to pass; then long enough to be noticed, and back, so that the launcher hears of it.
      setTimeout(() => ip(`-n ${HOSTS[0]} link set ${CABLE[0]} down`), 1000);
      setTimeout(() => ip(`-n ${HOSTS[0]} link set ${CABLE[0]} up`), 11_000);
    });
    const hosts = new Set(cut.output.match(/on dropwise-[ab]/g));
    const named = cut.output.match(/rank \d: PeerTimeoutError/g)?.length ?? 0;
    check(
      `${launcher}: a cut cable ends all with an error, which they name`,
      cut.status !== 0 && hosts.size === 2 && named >= 2,
      cut.output,
    );
    spawnSync("ip", ["-n", HOSTS[0] ?? "", "link", "set", CABLE[0] ?? "", "up"]);
  }
} finally {
  clear();
}
process.exitCode = faults === 0 ? 0 : 1;
