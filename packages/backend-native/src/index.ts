/**
 * The native backend: C++ kernels through Node-API, with AVX-512, AVX2, SSE2, NEON or plain code, and threads.
 *
 * @module @dropwise/backend-native
 * @packageDocumentation
 */
export { createNativeBackend, type NativeBackendOptions } from "./create";
export type { NativeHandle } from "./memory";
