/**
 * Which module may import which. Only imports that exist at run time count: `import type` is free.
 */

/** The rooms of core, in order: each may import rooms before it and its own neighbours, none after. */
const rooms = [
  "errors",
  "dtype|shape",
  "backend",
  "random",
  "cpu",
  "autograd",
  "ops",
  "tensor",
  "functional",
  "nn",
  "optim",
  "data",
  "streams",
  "train",
];

const core = "^packages/core/src/";
const test = "\\.test\\.ts$|/testing/";
/** The two public faces, and what one of them puts before core's own tools, re-export from many rooms, and so stand after all of them. */
const faces = `${core}(index|backend/(index|checked))\\.ts$`;

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const roomOrder = rooms.map((room, position) => ({
  name: `core-room-order: ${room.replace("|", " and ")}`,
  comment: `the rooms of core, in order: ${rooms.join(", ")}`,
  severity: "error",
  from: { path: `${core}(${room})/`, pathNot: [test, faces] },
  to: { path: [`${core}(${[...rooms.slice(position + 1), "(?!)"].join("|")})/`, faces] },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...roomOrder,
    {
      name: "core-unknown-room",
      comment: "a new folder under packages/core/src takes its place in the order above",
      severity: "error",
      from: { pathNot: test },
      to: { path: core, pathNot: [`${core}(${rooms.join("|")})/`, faces] },
    },
    {
      name: "core-is-portable",
      comment: "core runs in browsers too: no module of Node, no package",
      severity: "error",
      from: { path: core, pathNot: test },
      to: { pathNot: core },
    },
    { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
    { name: "no-test-code-in-production", severity: "error", from: { pathNot: test }, to: { path: test } },
    { name: "no-unresolved-import", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-reaching-into-packages",
      comment: "packages meet at their public faces, not at each other's files",
      severity: "error",
      from: { path: "^(packages|apps)/([^/]+)/" },
      to: { path: "^(packages|apps)/[^/]+/(src|test)/", pathNot: ["^$1/$2/", "^packages/addon/src/"] },
    },
    {
      name: "addon-is-shared-by-two",
      comment: "packages/addon is no package: it becomes part of those that have a compiled addon, and of no other",
      severity: "error",
      from: { pathNot: "^packages/(addon|backend-native|distributed)/" },
      to: { path: "^packages/addon/" },
    },
    {
      name: "addon-stands-alone",
      comment: "what is shared knows none of those that share it: Node's modules are all that it has",
      severity: "error",
      from: { path: "^packages/addon/src/", pathNot: test },
      to: { pathNot: "^packages/addon/src/", dependencyTypesNot: ["core"] },
    },
  ],
  options: {
    // No tsConfig: with ours (noImplicitOverride) TypeScript 5.9 crashes on a file that is transpiled by itself and has an override.
    // False: types are erased before imports are read, so that `import type` leaves no trace.
    tsPreCompilationDeps: false,
    doNotFollow: { path: ["node_modules", "/dist/"] },
    exclude: { path: ["/dist/", "/build/", "/\\.turbo/"] },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
      extensions: [".ts", ".mjs", ".js", ".json"],
    },
  },
};
