import type { Sample } from "../../dom/code";
import type { LayerSettings, TrainingArgument } from "../../lab/layers";

/** The module, in the mode that is chosen. */
export function moduleSample({ p, mode }: LayerSettings): Sample {
  return {
    typescript: `const layer = new nn.Dropout(${p});\nlayer.${mode}();\nconst y = layer.forward(x);`,
    pytorch: `layer = nn.Dropout(${p})\nlayer.${mode}()\ny = layer(x)`,
  };
}

const ARGUMENTS: Readonly<Record<TrainingArgument, readonly [typescript: string, pytorch: string]>> = {
  unset: ["", ""],
  true: ["  training: true,\n", ",\n    training=True"],
  false: ["  training: false,\n", ",\n    training=False"],
  model: ["  training: model.training,\n", ",\n    training=model.training"],
};

/** The function, told what is chosen. */
export function functionSample({ p, training }: LayerSettings): Sample {
  const [typescript, pytorch] = ARGUMENTS[training];
  return { typescript: `const y = F.dropout(x, {\n  p: ${p},\n${typescript}});`, pytorch: `y = F.dropout(x, p=${p}${pytorch})` };
}

/** The function under a condition. */
export function conditionalSample({ p, epoch, warmUp }: LayerSettings): Sample {
  return {
    typescript: `// epoch is ${epoch}\nlet y = x;\nif (epoch >= ${warmUp}) {\n  y = F.dropout(x, {\n    p: ${p},\n    training: model.training,\n  });\n}`,
    pytorch: `# epoch is ${epoch}\ny = x\nif epoch >= ${warmUp}:\n    y = F.dropout(x, p=${p},\n        training=model.training)`,
  };
}
