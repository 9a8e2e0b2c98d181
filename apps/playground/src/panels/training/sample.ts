import type { Sample } from "../../dom/code";
import type { ModelSettings } from "../../lab/model";

/** The program that trains the model with dropout. */
export function trainingCode({ seed, p, width }: ModelSettings): Sample {
  return {
    typescript: `manualSeed(${seed});
const model = new nn.Sequential(
  new nn.Linear(2, ${width}), new nn.ReLU(), new nn.Dropout(${p}),
  new nn.Linear(${width}, ${width}), new nn.ReLU(), new nn.Dropout(${p}),
  new nn.Linear(${width}, 1));
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
await model.to(backend);
for (let step = 0; step < 3000; step++) {
  tidy(() => {
    optimizer.zeroGrad();
    F.binaryCrossEntropyWithLogits(model.forward(x), y).backward();
    optimizer.step();
  });
}`,
    pytorch: `torch.manual_seed(${seed})
model = nn.Sequential(
    nn.Linear(2, ${width}), nn.ReLU(), nn.Dropout(${p}),
    nn.Linear(${width}, ${width}), nn.ReLU(), nn.Dropout(${p}),
    nn.Linear(${width}, 1))
optimizer = optim.Adam(model.parameters(), lr=0.01)
model.to(device)
for step in range(3000):
    optimizer.zero_grad()
    F.binary_cross_entropy_with_logits(model(x), y).backward()
    optimizer.step()`,
  };
}
