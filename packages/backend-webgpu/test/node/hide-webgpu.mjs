/** Makes the package `webgpu` impossible to find, as where it is not installed. */
import { register } from "node:module";

const hooks = `export async function resolve(specifier, context, next) {
  if (specifier === "webgpu") throw new Error("Cannot find package 'webgpu'");
  return next(specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
