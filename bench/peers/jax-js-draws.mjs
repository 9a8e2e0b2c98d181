/** Dropout and keys in jax-js, as JAX users write them. Functions own their arguments here: every use of an array but the last takes a `.ref`. */
import { numpy as np, random } from "@jax-js/jax";

/** Calls so far: the seed of the next key, so that every call draws another mask. */
let calls = 0;

export function nextKey() {
  return random.key(calls++);
}

/** @param {number[]} [shape] Of the mask, where it is shared. */
export function drop(key, x, p = 0.5, shape = x.shape) {
  return np.where(random.bernoulli(key, 1 - p, shape), x.mul(1 / (1 - p)), 0);
}
