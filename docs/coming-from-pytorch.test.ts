import { describe, expect, test } from "vitest";
import { linesOf } from "./testing/blocks.mjs";
import { exportsOfCore } from "./testing/exports";

/** How the page writes members: the name of a value, and the class it is of. Members of Module are written once. */
const VALUES = {
  x: "Tensor",
  module: "nn.Module",
  dropout: "nn.Dropout",
  linear: "nn.Linear",
  conv: "nn.Conv2d",
  list: "nn.ModuleList",
  dict: "nn.ModuleDict",
  norm: "nn.BatchNorm2d",
  words: "nn.Embedding",
  lstm: "nn.LSTM",
  cell: "nn.RNNCell",
  optimizer: "optim.Optimizer",
  scheduler: "optim.LRScheduler",
  ema: "optim.EMA",
  attention: "nn.MultiheadAttention",
  past: "nn.AttentionPast",
  dataset: "TensorDataset",
  loader: "DataLoader",
  sampler: "RandomSampler",
  subset: "Subset",
  generator: "Generator",
} as const;

const { names, membersOf } = exportsOfCore();

/** The first cell of each row of the tables below a heading. */
function firstCells(wanted: (heading: string) => boolean): string[] {
  let heading = "";
  return linesOf("docs/coming-from-pytorch.md").flatMap((line) => {
    heading = /^## (.*)/.exec(line)?.[1] ?? heading;
    const cell = /^\| (`[^|]*) \|/.exec(line)?.[1];
    return cell !== undefined && wanted(heading) ? [cell] : [];
  });
}

const namesIn = (cells: readonly string[]) => cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string));

/** All there is, as the page writes it. */
function expected(): string[] {
  const ofModule = new Set(membersOf("nn.Module"));
  const members = Object.entries(VALUES).flatMap(([value, holder]) =>
    membersOf(holder)
      .filter((member) => value === "module" || !(holder.startsWith("nn.") && ofModule.has(member)))
      .map((member) => `${value}.${member}`),
  );
  return [...names.map((name) => name.replace(/^functional\./, "F.")), ...members].sort();
}

describe("the tables of names", () => {
  const written = namesIn(firstCells((heading) => heading !== "Not here" && heading !== "Different everywhere"));

  test("have every export of core and every public member, and nothing else", () => {
    expect([...written].sort()).toEqual(expected());
  });

  test("have each name once", () => {
    expect(written.filter((name, i) => written.indexOf(name) !== i)).toEqual([]);
  });

  test("see types and members, and no internal ones", () => {
    expect(names).toEqual(expect.arrayContaining(["tensor", "functional.relu", "nn.StateDict", "optim.SGD", "DType"]));
    expect(membersOf("Tensor")).toEqual(expect.arrayContaining(["shape", "grad", "sum"]));
    expect(membersOf("Tensor").filter((member) => ["storage", "node", "unary", "wrap"].includes(member))).toEqual([]);
    expect(membersOf("nn.Module")).not.toContain("extraRepr");
  });
});

describe("what is said not to be here", () => {
  const absent = namesIn(firstCells((heading) => heading === "Not here"));
  const here = new Set(expected());
  const camelCase = (name: string) => name.replace(/(?<=[a-z0-9])_([a-z])/g, (_, letter: string) => letter.toUpperCase());

  test("is not, under PyTorch's name or ours", () => {
    const known = absent.filter((name) => {
      const ours = camelCase(name.replace(/^torch\./, ""));
      return here.has(ours) || here.has(`F.${ours}`);
    });
    expect(known).toEqual([]);
  });

  test("would be noticed if it came", () => {
    expect(absent.length).toBeGreaterThan(70);
    expect(here.has(camelCase("module.load_state_dict"))).toBe(true);
    expect(absent).toContain("nn.EmbeddingBag");
  });
});
