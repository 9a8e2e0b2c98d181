/** How a module's `forward` is called. */
import type { nn } from "@dropwise/core";
import type { Case } from "../case";
import type { Place } from "../place";
import * as p from "../places";
import type { World } from "../world";

export type Make = (w: World) => nn.Module;
export type Settings = Readonly<Record<string, Place>>;

/** The `forward` of a module, whose own properties a program may have set: those in `settings` rightly, all others to anything. */
export function forward(make: Make, args: readonly Place[], settings: Settings = {}, says: readonly string[] = []): Case {
  const names = Object.keys(make({ generator: undefined } as unknown as World));
  const module = (w: World) => w.once("module", () => w.module(make(w)));
  const others = names
    .filter((name) => !(name in settings))
    .map((name) => [name, { valid: (w: World) => Reflect.get(module(w), name), accepts: () => true }]);
  return { on: p.receiver(module), args, settings: { ...settings, ...Object.fromEntries(others) }, says };
}
