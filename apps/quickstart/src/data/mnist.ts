import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileError, UserError } from "../user-error";
import { type IdxArray, parseIdx } from "./idx";
import { generatorFor, type ImageSource, type Rows, randomOrder } from "./source";

/**
 * The four files of MNIST, or of a set with its names such as Fashion-MNIST, as a source. The labels are the classes; the question is
 * whether a label is odd. Pixels are scaled to [0, 1]. Training rows come from the `train` files, test rows from the `t10k` files.
 *
 * @throws UserError for a missing or broken file.
 */
export function mnistSource(folder: string): ImageSource {
  if (!existsSync(folder)) throw new UserError(`${folder}: no such folder - check the path`);
  if (!statSync(folder).isDirectory()) throw new UserError(`${folder}: expected a folder with IDX files, got a file`);
  const train = readPart(folder, "train");
  const test = readPart(folder, "t10k");
  const { height, width } = train;
  if (height !== test.height || width !== test.width) {
    const size = (part: Part): string => `${part.height} x ${part.width} pixels`;
    throw new UserError(`${folder}: expected images of one size, got ${size(train)} in train and ${size(test)} in t10k`);
  }
  const last = [...train.labels, ...test.labels].reduce((a, b) => Math.max(a, b));
  const labels = Array.from({ length: last + 1 }, (_, label) => label);
  return {
    name: folder,
    title: `pictures of ${labels.length} classes`,
    height,
    width,
    classes: labels.map(String),
    question: { text: "is the label odd?", yes: labels.filter((label) => label % 2 === 1) },
    about:
      `${folder}: ${train.count.toLocaleString("en")} images to learn from and ${test.count.toLocaleString("en")} to judge by, ` +
      `${height} x ${width} pixels each, labels 0 to ${last}. The seed picks a few of them.`,
    labelNoise: 0,
    split(seed, size) {
      const generator = generatorFor(seed, "rows");
      return { train: sample(train, size.train, generator), test: sample(test, size.test, generator) };
    },
  };
}

// --- internal helpers ---

interface Part {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

function readPart(folder: string, part: "train" | "t10k"): Part {
  const images = readIdx(folder, `${part}-images-idx3-ubyte`, 3);
  const labels = readIdx(folder, `${part}-labels-idx1-ubyte`, 1);
  const [count = 0, height = 0, width = 0] = images.shape;
  if (count !== labels.shape[0])
    throw new UserError(`${folder}: expected a label for each of ${count} ${part} images, got ${labels.shape[0]}`);
  if (count === 0 || height * width === 0) throw new UserError(`${folder}: expected ${part} images, got none`);
  return { count, height, width, images: images.data, labels: labels.data };
}

/** Finds a file as it is published (gzip), unpacked, or with the dot that some archives put before `idx`. */
function readIdx(folder: string, name: string, rank: number): IdxArray {
  const names = [name, name.replace("-idx", ".idx")].flatMap((base) => [base, `${base}.gz`]);
  const path = names.map((candidate) => join(folder, candidate)).find((candidate) => existsSync(candidate));
  if (path === undefined) throw new UserError(`${folder}: expected a file ${name} or ${name}.gz, got none - see --help`);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw fileError(path, error);
  }
  const array = parseIdx(bytes, path);
  if (array.shape.length !== rank) throw new UserError(`${path}: expected ${rank} dimensions, got ${array.shape.length}`);
  return array;
}

function sample(part: Part, limit: number, generator: ReturnType<typeof generatorFor>): Rows {
  const pixels = part.height * part.width;
  const chosen = randomOrder(part.count, generator).slice(0, limit);
  const inputs = new Float32Array(chosen.length * pixels);
  chosen.forEach((image, row) => {
    for (let i = 0; i < pixels; i++) inputs[row * pixels + i] = (part.images[image * pixels + i] as number) / 255;
  });
  const targets = Int32Array.from(chosen, (image) => part.labels[image] as number);
  return { count: chosen.length, features: pixels, inputs, targets };
}
