import { expect, test } from "vitest";
import { nn } from "../index";
import { expectRefusal } from "../testing/refusal";
import { dropoutLayers, setDropout } from "./dropout-layers";

const model = () =>
  new nn.ModuleList([
    new nn.Linear(4, 8),
    new nn.Dropout(0.5),
    new nn.Sequential(new nn.AlphaDropout(0.1), new nn.Dropout2d(0.2)),
    new nn.GRU(8, 8, { numLayers: 2, dropout: 0.3 }),
    new nn.TransformerEncoderLayer(8, 2, { dropout: 0.4 }),
  ]);
const rates = (of: nn.Module) => Object.fromEntries(dropoutLayers(of).map(({ name, p }) => [name, p]));

test("finds every layer that drops, each once, with its rate, wherever it is and whatever its rate is called", () => {
  const layers = model();
  expect(rates(layers)).toEqual({
    "1": 0.5,
    "2.0": 0.1,
    "2.1": 0.2,
    "3": 0.3,
    "4.self_attn": 0.4,
    "4.dropout": 0.4,
    "4.dropout1": 0.4,
    "4.dropout2": 0.4,
  });
  expect(dropoutLayers(layers)[0]?.module).toBe(layers.at(1));
  const shared = new nn.Dropout(0.5);
  expect(rates(new nn.Sequential(shared, shared))).toEqual({ "0": 0.5 });
  expect(rates(new nn.Dropout(0.5))).toEqual({ "": 0.5 });
  expect(rates(new nn.Linear(2, 2))).toEqual({});
});

test("sets all at once, by a number or by what a function makes of each", () => {
  const layers = model();
  setDropout(layers, 0.25);
  expect(new Set(Object.values(rates(layers)))).toEqual(new Set([0.25]));
  setDropout(layers, ({ name, p }) => (name.startsWith("2") ? p * 2 : p));
  expect(rates(layers)).toMatchObject({ "1": 0.25, "2.0": 0.5, "2.1": 0.5, "3": 0.25 });
});

test("sets none where one is refused", () => {
  const layers = model();
  const before = rates(layers);
  const message = "setDropout: expected a drop probability p in [0, 1], got 1.5";
  expectRefusal(() => setDropout(layers, 1.5), "RangeError", message);
  expectRefusal(() => setDropout(layers, ({ name }) => (name === "3" ? 1.5 : 0)), "RangeError", message);
  expectRefusal(() => setDropout(layers, "0.5" as never), "TypeError", "setDropout: expected p to be a number or a function of a layer");
  expectRefusal(() => setDropout({} as never, 0.5), "TypeError", "setDropout: expected a model that is a Module");
  expect(rates(layers)).toEqual(before);
  expectRefusal(
    () => {
      (dropoutLayers(layers)[0] as { p: number }).p = -1;
    },
    "RangeError",
    "dropoutLayers: expected a drop probability p in [0, 1], got -1",
  );
});
