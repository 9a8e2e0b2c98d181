import type { Backend } from "@dropwise/core";

/**
 * The same backend with some members changed, or taken away where the change says `undefined`. Members run on the original, so that backends
 * with private state work. It counts as a backend of its own.
 */
export function wrap(backend: Backend, changes: { readonly [K in keyof Backend]?: Backend[K] | undefined }): Backend {
  return new Proxy(backend, {
    get(target, key) {
      if (Object.hasOwn(changes, key)) return changes[key as keyof Backend];
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
