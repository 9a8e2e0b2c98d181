/** What tests, scripts and benchmarks know of launchers. */
import { spawnSync } from "node:child_process";

/** Open MPI refuses root and more ranks than cores unless told; a test machine has few cores, and may well have no other user. */
export const WILLING = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1", OMPI_MCA_rmaps_base_oversubscribe: "1" };

/** Whether a program is installed. @param {string} command */
export const isInstalled = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
