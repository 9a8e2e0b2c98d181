import { fileURLToPath } from "node:url";

/** The folder of the app. `src` and `dist` lie equally deep in it, so this holds for this file and for the bundle that it ends up in. */
const APP = new URL("../", import.meta.url);

/** The path of a file that comes with the app. */
export function appFile(path: string): string {
  return fileURLToPath(new URL(path, APP));
}
