/** The conformance suite on the native backend as installed, on every instruction set of this machine; copied as a test file. */
import { createNativeBackend } from "@dropwise/backend-native";
import { describeBackend } from "@dropwise/conformance";

for (const isa of ["avx512", "avx2", "sse2", "neon", "scalar"].filter(isHere)) {
  for (const threads of [1, 2]) {
    describeBackend({ name: `native-${isa}-${threads}`, create: () => createNativeBackend({ isa, threads }) });
  }
}

function isHere(isa: string): boolean {
  try {
    createNativeBackend({ isa }).dispose?.();
    return true;
  } catch (error) {
    if (isa !== "scalar" && (error as Error).name === "BackendUnavailableError") return false;
    throw error;
  }
}
