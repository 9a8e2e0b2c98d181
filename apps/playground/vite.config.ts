import { defineConfig } from "vite";
import { offline } from "./offline/plugin.mjs";

/** Lets wasm share memory between threads. A host without these headers serves the page as well; wasm then has one thread. */
export const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

export default defineConfig({
  // Any folder of any host: nothing in the page names the address it lies at.
  base: "./",
  plugins: [offline()],
  worker: { format: "es" },
  build: { target: "es2022" },
  server: { headers: isolation },
  preview: { headers: isolation },
});
