import type { Backend } from "@dropwise/core/backend";
import { describeAttention } from "../../kernels/testing/attention";
import { createWasmBackend } from "./backend";

describeAttention(async (threads) => (await createWasmBackend({ threads })) as Backend);
