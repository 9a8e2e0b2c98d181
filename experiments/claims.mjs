/** What is said of dropout and its family, each with the trainings that could show it. The first of each is what the others are measured by. */
import { ANSWERS } from "./claims/answers.mjs";
import { HIDDEN } from "./claims/hidden.mjs";
import { NETWORKS } from "./claims/networks.mjs";

/** @type {readonly import("./task.mjs").Claim[]} */
export const CLAIMS = [...HIDDEN, ...NETWORKS, ...ANSWERS];
