/** How far a result may be from the reference's. */
export interface Tolerance {
  /** Shown in messages. */
  readonly name: string;
  /** Allowed distance relative to the expected value. */
  readonly rtol: number;
  /** Allowed distance beside that. */
  readonly atol: number;
  /** The sign of a zero counts. */
  readonly signedZero: boolean;
  /** A value too small for a normal float32 may come out as zero: for devices that flush subnormals. */
  readonly flushes: boolean;
}

const preset = (name: string, rtol: number, atol: number): Tolerance => ({ name, rtol, atol, signedZero: false, flushes: false });

/** Every bit but a NaN's kind: masks, dropout, movement, integers. */
export const BITS: Tolerance = { ...preset("exact", 0, 0), signedZero: true };

/** Equal numbers: operations that IEEE 754 rounds once, or not at all; 0 and -0 are equal. */
export const EQUAL: Tolerance = preset("equal", 0, 0);

/** Exponentials, logarithms and what is made of them, in float32: some tens of units in the last place. */
export const TRANSCENDENTAL: Tolerance = preset("transcendental", 1e-5, 1e-6);

/** Sums and products of matrices in float32, of a few hundred terms of size one, in any fixed order. */
export const SUMS: Tolerance = preset("sums", 1e-5, 2e-5);

/** Whatever is composed of several roundings: gradients, losses, optimizer steps. */
export const COMPOSED: Tolerance = preset("composed", 2e-5, 2e-6);

/** Dropout with an addition, on compilers that cannot be told not to fuse it with the multiplication. */
export const CONTRACTED: Tolerance = preset("contracted", 1e-6, 1e-6);

/** Losses of a whole training run against PyTorch's. */
export const LOSSES: Tolerance = preset("losses", 2e-5, 0);

/** The same class for float64, whose last place is 2^29 times finer; a thousandfold is left for the platform's own functions. */
export function inDouble(tolerance: Tolerance): Tolerance {
  const factor = 2 ** -29 * 1000;
  return { ...tolerance, name: `${tolerance.name} (float64)`, rtol: tolerance.rtol * factor, atol: tolerance.atol * factor };
}

/** The same with subnormals allowed to vanish. */
export function flushing(tolerance: Tolerance): Tolerance {
  return { ...tolerance, name: `${tolerance.name}, subnormals may be 0`, flushes: true };
}
