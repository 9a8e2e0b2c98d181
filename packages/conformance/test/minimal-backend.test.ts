import { describeBackend } from "@dropwise/conformance";
import { createMinimalBackend } from "./minimal-backend";

describeBackend({
  name: "minimal",
  create: () => createMinimalBackend(),
});
