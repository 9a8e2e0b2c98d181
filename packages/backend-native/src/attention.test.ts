import type { Backend } from "@dropwise/core/backend";
import { describeAttention } from "../../kernels/testing/attention";
import { createNativeBackend } from "./index";

describeAttention((threads) => createNativeBackend({ threads }) as Backend);
