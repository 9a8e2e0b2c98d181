/// <reference lib="dom" />
/**
 * What the installed packages must do in every runtime, by parts. The program that loads the packages passes them in, so that the same checks see what
 * `import`, `require` and a bundler give.
 *
 * @typedef {typeof import("@dropwise/core")} Core
 * @typedef {import("@dropwise/core").Backend} Backend
 *
 * @typedef {object} Packages Those that the parts use.
 * @property {Core} core
 * @property {typeof import("@dropwise/backend-wasm")} [wasm]
 * @property {() => Promise<BufferSource>} [kernels] Reads the file `@dropwise/backend-wasm/kernels.wasm`.
 * @property {WebAssembly.Module} [module] The same, imported.
 * @property {typeof import("@dropwise/backend-native")} [native]
 * @property {typeof import("@dropwise/distributed")} [distributed]
 * @property {Record<string, string | undefined>} [env] The environment of the process, for `distributed`.
 * @property {typeof import("@dropwise/backend-webgpu")} [webgpu]
 * @property {typeof import("@dropwise/weights")} [weights]
 * @property {string} [file] Where a file may be written, in a runtime that has files.
 * @property {boolean} [canShare] Whether two threads must be had from WebAssembly here. Default: true.
 */

/** The mask of `manualSeed(0)`, 32 elements, p = 0.5, as PyTorch draws it on CUDA. */
const GOLDEN_MASK = "10000010101101000011001110000011";

/** @type {Record<string, (packages: Packages) => Promise<string>>} */
const PARTS = {
  async core({ core }) {
    await works(core, [core.cpu]);
    return "cpu";
  },

  async wasm({ core, wasm, kernels, canShare = true }) {
    const { createWasmBackend } = present(wasm);
    const one = await createWasmBackend({ threads: 1 });
    const two = await createWasmBackend({ threads: 2 });
    const passed = await createWasmBackend({ module: await WebAssembly.compile(await present(kernels)()) });
    const threads = [one, two, passed].map((backend) => backend.info.threads);
    same("threads", threads.join(), `1,${canShare ? 2 : 1},1`);
    await works(core, [one, two, passed]);
    // Memory goes with the backend; the one with a worker stays, since it must not keep the process alive.
    one.dispose();
    passed.dispose();
    return `wasm on ${canShare ? "1 and 2 threads" : "1 thread"}`;
  },

  async "wasm module"({ core, wasm, module }) {
    const { createWasmBackend } = present(wasm);
    const message = await unavailable(() => createWasmBackend());
    for (const part of ["@dropwise/backend-wasm/kernels.wasm", "{ module }"]) {
      if (!message.includes(part)) throw new Error(`wasm module: expected a message with "${part}", got ${message}`);
    }
    await works(core, [await createWasmBackend({ module: present(module) })]);
    return "wasm from the imported module, refused otherwise";
  },

  async native({ core, native }) {
    const backends = [1, 2].map((threads) => present(native).createNativeBackend({ threads }));
    await works(core, backends);
    return `native ${backends[0]?.info.device} on 1 and 2 threads`;
  },

  async "no native"({ native }) {
    const message = await unavailable(() => present(native).createNativeBackend());
    for (const part of ["a build in this package", "the package @dropwise/backend-native-", "or use @dropwise/backend-wasm"]) {
      if (!message.includes(part)) throw new Error(`no native: expected a message with "${part}", got ${message}`);
    }
    return "native is missing, and says what was tried";
  },

  async distributed(packages) {
    const message = await withoutLibrary(packages);
    // The library is looked for by the addon, which was found then.
    if (!message.startsWith("connect: expected a library of MPI") || !message.includes("libnone.so") || message.includes("addon"))
      throw new Error(`distributed: expected libnone.so to be what is missing, got ${message}`);
    return `distributed as ${await oneTrains(packages)}, and its addon`;
  },

  async "no distributed"(packages) {
    const message = await withoutLibrary(packages);
    for (const part of ["expected a compiled addon", "the package @dropwise/distributed-"]) {
      if (!message.includes(part)) throw new Error(`no distributed: expected a message with "${part}", got ${message}`);
    }
    return `distributed as ${await oneTrains(packages)}; its addon is missing, and it says what was tried`;
  },

  async webgpu({ core, webgpu }) {
    const gpu = await present(webgpu).createWebGPUBackend();
    await works(core, [gpu]);
    const { device } = gpu.info;
    gpu.dispose();
    return `webgpu on ${device}`;
  },

  async weights({ core, weights, file }) {
    const { describe, inMemory, loadCheckpoint, readSafetensors, saveCheckpoint, writeSafetensors } = present(weights);
    core.manualSeed(3);
    const model = new core.nn.Sequential(new core.nn.Linear(4, 3), new core.nn.Dropout(0.5));
    const state = model.stateDict();
    const bytes = await writeSafetensors(state, { metadata: { format: "pt" } });
    same("describe", (await describe(bytes)).split("\n").at(-1), "2 tensors, 15 elements, 60 B (safetensors)");
    const place = file ?? inMemory();
    await saveCheckpoint(place, { model, step: 3 });
    const drawn = async () => (await model.forward(core.ones([8, 4])).data()).join();
    const expected = await drawn();
    for (const [name, { shape, data }] of Object.entries(await readSafetensors(bytes))) {
      const x = present(state[name]);
      same(name, `${shape} ${data.join()}`, `${x.shape} ${(await x.data()).join()}`);
      model.loadStateDict({ ...model.stateDict(), [name]: core.zeros(shape) });
    }
    if ((await drawn()) === expected) throw new Error("weights: expected other values from other weights, got the same");
    const { step } = await loadCheckpoint(place, { model });
    same("checkpoint", `${step} ${await drawn()}`, `3 ${expected}`);
    if (file !== undefined) {
      const names = Object.keys(await readSafetensors(file)).sort();
      same("file", names.join(), "default generator,model/0.bias,model/0.weight");
    }
    return `weights in ${file === undefined ? "memory" : "a file"}`;
  },

  async "no webgpu"({ webgpu }) {
    await unavailable(() => present(webgpu).createWebGPUBackend());
    return "webgpu says that it is missing";
  },
};

/**
 * @param {readonly string[]} parts
 * @param {Packages} packages
 * @returns {Promise<string>} what was had, in words
 */
export async function check(parts, packages) {
  const had = [];
  for (const part of parts) {
    const run = PARTS[part];
    if (run === undefined) throw new RangeError(`check: expected one of ${Object.keys(PARTS).join(", ")}, got ${part}`);
    had.push(await run(packages));
  }
  return had.join(", ");
}

// --- internal helpers ---

/**
 * The golden mask and a training step, on backends that must agree: to the bit where the same instructions compute, since products with relaxed SIMD round once
 * where others round twice.
 *
 * @param {Core} core
 * @param {readonly Backend[]} backends
 */
async function works(core, backends) {
  /** @type {Map<string, string>} */
  const results = new Map();
  for (const backend of backends) {
    core.setDefaultBackend(backend);
    core.manualSeed(0);
    const y = core.functional.dropout(core.ones([32]), { p: 0.5 });
    same("mask", Array.from(await y.data(), (value) => (value > 0 ? 1 : 0)).join(""), GOLDEN_MASK);
    const { device } = backend.info;
    const result = await trainingStep(core);
    same("training step", result, results.get(device) ?? result);
    results.set(device, result);
  }
  core.setDefaultBackend(core.cpu);
}

/**
 * One step of a small model; large enough that two threads share its work.
 *
 * @param {Core} core
 * @returns {Promise<string>} the loss and some weights after the step, for comparison to the bit
 */
async function trainingStep({ manualSeed, nn, optim, randn }) {
  manualSeed(7);
  const model = new nn.Sequential(new nn.Linear(256, 256), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(256, 1));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const y = model.forward(randn([256, 256]));
  const loss = y.mul(y).mean();
  loss.backward();
  const weight = /** @type {import("@dropwise/core").Tensor} */ ([...model.parameters()][0]);
  const before = (await weight.data()).slice(0, 8).join();
  optimizer.step();
  const after = (await weight.data()).slice(0, 8).join();
  const value = await loss.item();
  if (before === after || !Number.isFinite(value)) throw new Error(`training step: expected new weights, got ${after}, loss ${value}`);
  return `${value} ${after}`;
}

/** A step of training in a group of one. @param {Packages} packages @returns {Promise<string>} */
async function oneTrains({ core, distributed }) {
  const { connect, dataParallel, DistributedSampler } = present(distributed);
  const group = await connect();
  core.manualSeed(5);
  const model = new core.nn.Sequential(new core.nn.Linear(4, 8), new core.nn.Dropout(0.5), new core.nn.Linear(8, 1));
  const parallel = await dataParallel(model, new core.optim.SGD(model.parameters(), { lr: 0.1 }), group, { shards: 4 });
  const weight = /** @type {import("@dropwise/core").Tensor} */ ([...model.parameters()][0]);
  const before = (await weight.data()).join();
  const rows = new DistributedSampler(10, group, { batchSize: 10, shards: 4 }).ownBatchSize;
  const loss = await parallel.step([core.randn([rows, 4])], ([x]) => model.forward(x).pow(2).mean());
  if (!(loss > 0) || (await weight.data()).join() === before) throw new Error(`distributed: expected new weights, got loss ${loss}`);
  await group.close();
  return `a group of ${group.size}, loss ${loss}`;
}

/** What is said in one of two processes where there is no library of MPI. @param {Packages} packages @returns {Promise<string>} */
async function withoutLibrary({ distributed, env = {} }) {
  const launched = { OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "2", DROPWISE_MPI: "libnone.so" };
  Object.assign(env, launched);
  try {
    await present(distributed).connect();
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    same("error", name, "MpiUnavailableError");
    return message;
  } finally {
    for (const variable of Object.keys(launched)) delete env[variable];
  }
  throw new Error("distributed: expected an MpiUnavailableError, got a group");
}

/** The message with which a backend is refused. @param {() => unknown} create @returns {Promise<string>} */
async function unavailable(create) {
  try {
    await create();
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    same("error", name, "BackendUnavailableError");
    return message;
  }
  throw new Error("expected a BackendUnavailableError, got a backend");
}

/** @template T @param {T | undefined} value @returns {T} */
function present(value) {
  if (value === undefined) throw new Error("expected its package, got none");
  return value;
}

/** @param {string} what @param {string | undefined} got @param {string} expected */
function same(what, got, expected) {
  if (got !== expected) throw new Error(`${what}: expected ${expected}, got ${got}`);
}
