/** What each package exports, used as its types say. Copied as `.mts` and `.cts`, so nothing here waits outside a function. */
import { createNativeBackend, type NativeBackendOptions, type NativeHandle } from "@dropwise/backend-native";
import { createWasmBackend, type WasmBackendOptions } from "@dropwise/backend-wasm";
import { createWebGPUBackend, type WebGPUBackend, type WebGPUBackendOptions } from "@dropwise/backend-webgpu";
import {
  type Backend,
  BackendUnavailableError,
  type CreationOptions,
  cat,
  cpu,
  DataLoader,
  type DType,
  functional as F,
  Generator,
  grad,
  gradcheck,
  keep,
  manualSeed,
  memory,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  setDefaultBackend,
  stack,
  type Tensor,
  TensorDataset,
  type TypedArrayOf,
  tensor,
  tidy,
} from "@dropwise/core";
import { type Backend as Contract, type DropoutSpec, philox4x32, referenceKernels, thresholdOf } from "@dropwise/core/backend";
import { type Profile, type ProfileRow, profile, recordFunction } from "@dropwise/core/train";
import {
  type ConnectOptions,
  connect,
  type DataParallel,
  DistributedSampler,
  dataParallel,
  type Group,
  GroupError,
  MpiUnavailableError,
  PeerTimeoutError,
} from "@dropwise/distributed";
import {
  type FileHandleLike,
  inIndexedDB,
  inMemory,
  loadCheckpoint,
  type ReadableFileHandle,
  readSafetensors,
  saveCheckpoint,
  type Weights,
  writeSafetensors,
} from "@dropwise/weights";

export class Model extends nn.Module {
  readonly layers: readonly nn.TensorModule[] = [new nn.Linear(4, 8), new nn.ReLU(), new nn.Dropout({ p: 0.5, inplace: true })];
  readonly scale = new nn.Parameter(ones([8]));

  forward(x: Tensor): Tensor {
    const h = this.layers.reduce((input, layer) => layer.forward(input), x);
    return F.dropout(h.mul(this.scale), { p: 0.1, training: this.training, noiseShape: [1, 8] });
  }
}

export async function backends(): Promise<Backend[]> {
  const wasmOptions: WasmBackendOptions = { threads: "auto" };
  const nativeOptions: NativeBackendOptions = { threads: 2 };
  const gpuOptions: WebGPUBackendOptions = { powerPreference: "low-power" };
  const gpu: WebGPUBackend = await createWebGPUBackend(gpuOptions);
  const native: Contract<NativeHandle> = createNativeBackend(nativeOptions);
  return [cpu, await createWasmBackend(wasmOptions), native as Backend, gpu as Backend];
}

export async function train(backend: Backend): Promise<number> {
  const generator: Generator = manualSeed(42n);
  setDefaultBackend(backend);
  const options: CreationOptions = { dtype: "float32" satisfies DType, requiresGrad: false };
  const dataset = new TensorDataset(rand([16, 4]), tensor([[1, 2]], options).expand([16, 2]));
  const model = await new Model().to(backend);
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  for (const [x] of new DataLoader(dataset, { batchSize: 4, shuffle: true, generator })) {
    tidy(() => {
      optimizer.zeroGrad();
      model.forward(x).sum().backward();
      optimizer.step();
      return keep(x);
    });
  }
  const values: TypedArrayOf<"float32"> | undefined = undefined;
  const [g] = grad(model.forward(ones([2, 4])).sum(), [model.scale]);
  const joined = cat([g as Tensor, stack([ones([2])]).reshape([-1])], { dim: 0 });
  return noGrad(() => joined.sum())
    .item()
    .then((sum) => sum + memory().tensors + (values ?? []).length);
}

export function contract(spec: DropoutSpec): boolean {
  const words = new Uint32Array(4);
  philox4x32(0, 0, 0, 0, 0, 0, words);
  const state: Uint8Array = new Generator(1).getState();
  try {
    return gradcheck((x: Tensor) => x.exp(), [tensor([1], { dtype: "float64", requiresGrad: true })]) && state.length === 24;
  } catch (error) {
    return error instanceof BackendUnavailableError && spec.threshold === thresholdOf(0.5) && typeof referenceKernels === "function";
  }
}

export async function timed(backend: Backend): Promise<string> {
  const run: Profile<number> = await profile(() => recordFunction("train", () => train(backend)));
  const rows: ProfileRow[] = run.keyAverages({ groupByInputShape: true });
  return run.table({ sortBy: "time", rowLimit: rows.length || 1 }) + run.exportChromeTrace() + run.result.toFixed(2);
}

export async function together(model: Model, data: TensorDataset): Promise<number> {
  const options: ConnectOptions = { timeout: 30 };
  try {
    const group: Group = await connect(options);
    const parallel: DataParallel = await dataParallel(model, new optim.SGD(model.parameters(), { lr: 0.1 }), group, { shards: 4 });
    const sampler = new DistributedSampler(data, group, { batchSize: 8, shards: parallel.shards });
    for (const [x, y] of new DataLoader(data, { sampler, batchSize: sampler.ownBatchSize }))
      await parallel.step([x as Tensor, y as Tensor], ([a, b]) => F.mseLoss(model.forward(a), b), { total: sampler.totalOf(0) });
    const sum: Float32Array = await group.allReduce(new Float32Array([1]), { reduction: "max" });
    return sum.length + (await group.allGather(Int32Array.of(group.rank))).length;
  } catch (error) {
    if (error instanceof PeerTimeoutError) return error.seconds;
    if (error instanceof GroupError) return error.op.length;
    return error instanceof MpiUnavailableError ? error.tried.length : 0;
  }
}

/** `Handle` is the DOM's `FileSystemFileHandle` where there are its types. */
export async function checkpoints(handle: Handle, model: Model): Promise<number> {
  for (const target of [inMemory(), inIndexedDB("run"), handle]) {
    await saveCheckpoint(target, { model, step: 3 });
    const { step } = await loadCheckpoint(target, { model });
    if (typeof step === "number") return step;
  }
  const read: Weights = await readSafetensors(await writeSafetensors(model.stateDict(), { metadata: { format: "pt" } }));
  return Object.keys(read).length;
}

type Handle = typeof globalThis extends { FileSystemFileHandle: { prototype: infer T } } ? T : FileHandleLike & ReadableFileHandle;
