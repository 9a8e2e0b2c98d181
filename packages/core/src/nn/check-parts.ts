import { checkBoolean } from "../errors/options";
import { wrongType } from "../errors/refusal";
import { isModule } from "./tree";

/** Refuses what is no module in properties that a layer calls, and a mode that is none: a program may have set them to anything. */
export function checkParts(op: string, training: unknown, parts: Readonly<Record<string, unknown>>): void {
  checkBoolean(op, "training", training);
  for (const [name, part] of Object.entries(parts)) {
    if (!isModule(part) || typeof (part as { forward?: unknown }).forward !== "function")
      throw wrongType(op, `${name} to be a module`, part);
  }
}
