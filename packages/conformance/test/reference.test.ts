import { describeBackend } from "@dropwise/conformance";
import { cpu } from "@dropwise/core";

describeBackend({ name: "cpu", create: () => cpu });
