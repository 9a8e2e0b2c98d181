/** What a pickle tells of tensors before any of their bytes are read. */
import type { Weight, WeightData, WeightDType } from "../weight";
import type { Global } from "./globals";

/** Memory that tensors share, by its key in the file. */
export class StorageRef {
  /** Its elements, once they are read, by the type that a tensor asks for. */
  readonly elements = new Map<WeightDType, WeightData>();
  constructor(
    readonly key: string,
    /** None where bytes are bytes: the tensor says what they are. */
    readonly dtype: WeightDType | undefined,
    /** How many elements, or bytes, it is said to have. */
    readonly count: number,
  ) {}
}

/** A tensor to be: what it says of itself, not looked at yet. */
export class TensorRef {
  /** It, once it is read. */
  weight?: Weight;
  constructor(
    readonly storage: unknown,
    readonly offset: unknown,
    readonly shape: unknown,
    readonly strides: unknown,
    /** Of one without a type in its storage. */
    readonly dtype: unknown,
  ) {}
}

/** What the machine that reads pickles knows. Dicts are maps, tuples are arrays. */
export type Raw = null | boolean | number | bigint | string | Uint8Array | Raw[] | Map<unknown, Raw> | Global | StorageRef | TensorRef;
