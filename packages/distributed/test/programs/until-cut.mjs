// Calls on and on, until one fails; says which rank of which host it is, and what the failure was.
import { hostname } from "node:os";
import { connect } from "@dropwise/distributed";

const group = await connect({ joinTimeout: 30, timeout: 5 });
console.log(`rank ${group.rank} on ${hostname()}`);
for (;;) {
  try {
    await group.allReduce(new Float32Array(1000));
  } catch (error) {
    console.log(`rank ${group.rank}: ${/** @type {Error} */ (error).name}`);
    throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
}
