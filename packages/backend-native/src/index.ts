export { createNativeBackend, type NativeBackendOptions } from "./create";
export type { NativeHandle } from "./memory";
