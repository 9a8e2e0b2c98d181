/** Makes the addon's package for a platform: `node scripts/platform-package.mjs linux-x64-gnu`. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { platformPackageCommand } from "../../addon/platform-package.mjs";

platformPackageCommand(dirname(dirname(fileURLToPath(import.meta.url))));
