/** Compiles the addon to `build/Release/distributed.node`. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAddon } from "../../addon/build.mjs";

buildAddon(dirname(dirname(fileURLToPath(import.meta.url))));
