import { describeBackend } from "@dropwise/conformance";
import { createWebGPUBackend } from "../src/index";

describeBackend({ name: "webgpu", create: () => createWebGPUBackend(), mayFlushSubnormals: true });
