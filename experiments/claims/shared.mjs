/** What several claims have in common: the shapes of a picture, and the networks that most are measured by. */
import { nn } from "@dropwise/core";
import { nothing, wide } from "../models.mjs";

export const FLAT = [64];
export const PICTURE = [1, 8, 8];
export const ROWS = [8, 8];

export const half = () => new nn.Dropout(0.5);
export const plain = { name: "none", model: () => wide(nothing) };
export const dropout = { name: "dropout, p = 0.5", model: () => wide(half) };
