import type { Backend } from "@dropwise/core";
import type { HostData, Job } from "../competitor";
import type { Task } from "../task";
import { deviceCopy } from "./device-copy";
import { dropoutWork } from "./dropout";
import { loaderWork } from "./loader";
import { matmulWork } from "./matmul";
import { modelWork } from "./models";
import { monteCarloWork } from "./monte-carlo";
import { operationWork } from "./operations";
import { trainingWork } from "./training";
import { waiter } from "./waiter";
import type { Work } from "./work";

/** How a backend of this project does a task, through the public API. */
export function entryFor(backend: Backend, task: Task, data: HostData): Job {
  const work = workFor(backend, task, data);
  // What host memory holds is copied like any array of this process.
  const copy = backend.info.hostVisible ? undefined : deviceCopy(backend, task.copied, data);
  const wait = waiter(backend);
  return {
    prepare(round) {
      work.prepare(round);
      return wait.done();
    },
    run(calls) {
      work.run(calls);
      return wait.done();
    },
    ...(copy !== undefined && {
      copy(calls: number) {
        copy.run(calls);
        return wait.done();
      },
    }),
    dispose() {
      work.dispose();
      copy?.dispose();
      wait.dispose();
    },
  };
}

// --- internal helpers ---

function workFor(backend: Backend, task: Task, data: HostData): Work {
  if (task.op === "matmul") return matmulWork(backend, task, data);
  if ("shapes" in task) return operationWork(backend, task, data);
  if ("model" in task) return modelWork(backend, task, data);
  if ("way" in task) return monteCarloWork(backend, task, data);
  if ("source" in task) return loaderWork(backend, task, data);
  return "layers" in task ? trainingWork(backend, task, data) : dropoutWork(backend, task, data);
}
