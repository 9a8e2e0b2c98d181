import { describeBackend } from "@dropwise/conformance";
import { createNativeBackend } from "./index";
import { loadAddon } from "./load";

// The whole suite on every instruction set that this machine has, alone and with threads.
for (const isa of loadAddon().isas) {
  for (const threads of [1, 2]) {
    describeBackend({ name: `native-${isa}-${threads}`, create: () => createNativeBackend({ isa, threads }) });
  }
}
