import { expect, test } from "vitest";
import { isCrowded, launcherOf, librariesOf } from "./launcher";

test("a process that was started by itself has no launcher, also inside a batch script of Slurm", () => {
  expect(launcherOf({})).toBeNull();
  expect(launcherOf({ SLURM_PROCID: "0", SLURM_NTASKS: "4" })).toBeNull();
});

test("each launcher says which process of how many this is, and whose libraries work with it", () => {
  expect(launcherOf({ OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_SIZE: "3" })).toMatchObject({ rank: 1, size: 3, kinds: ["openmpi"] });
  expect(launcherOf({ PMI_RANK: "0", PMI_SIZE: "2" })).toMatchObject({ rank: 0, size: 2, kinds: ["mpich"] });
  expect(launcherOf({ SLURM_PROCID: "2", SLURM_STEP_NUM_TASKS: "4", PMI_RANK: "2", PMI_SIZE: "4" })).toMatchObject({
    name: "srun",
    rank: 2,
    size: 4,
    kinds: ["openmpi", "mpich"],
  });
});

test("mpirun inside a job of Slurm is the launcher, and not Slurm", () => {
  const env = { SLURM_PROCID: "0", SLURM_STEP_NUM_TASKS: "1", OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_SIZE: "2" };
  expect(launcherOf(env)).toMatchObject({ rank: 1, size: 2, kinds: ["openmpi"] });
});

test("what is no place among others is passed over", () => {
  for (const [rank, size] of [
    ["3", "3"],
    ["", "2"],
    ["0", ""],
    ["-1", "2"],
    ["0x1", "2"],
    ["1.5", "2"],
  ] as const)
    expect(launcherOf({ PMI_RANK: rank, PMI_SIZE: size })).toBeNull();
});

test("libraries are looked for in the order of their kinds, by the names of the system", () => {
  expect(librariesOf(["openmpi", "mpich"], "linux").slice(0, 1)).toEqual(["libmpi.so.40"]);
  expect(librariesOf(["mpich"], "linux")[0]).toBe("libmpich.so.12");
  expect(librariesOf(["openmpi"], "darwin").every((name) => name.endsWith(".dylib"))).toBe(true);
});

test("a machine is crowded with more processes than cores; those elsewhere do not count, where the launcher tells of them", () => {
  const eight = { name: "", rank: 0, size: 8, kinds: ["mpich"] } as const;
  expect(isCrowded({ MPI_LOCALNRANKS: "4" }, eight, 4)).toBe(false);
  expect(isCrowded({ OMPI_COMM_WORLD_LOCAL_SIZE: "5" }, eight, 4)).toBe(true);
  expect([isCrowded({}, eight, 8), isCrowded({}, eight, 7)]).toEqual([false, true]);
});
