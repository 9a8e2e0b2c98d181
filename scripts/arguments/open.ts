/** Cases that another change is about to mend; each is skipped by name. */
export const OPEN: ReadonlySet<string> = new Set(["createNativeBackend", "createWasmBackend", "createWebGPUBackend"]);
