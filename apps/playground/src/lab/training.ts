import type { Backend } from "@dropwise/core";
import { BACKEND_NAMES, type BackendName, type Backends } from "./backends";
import { type Checkpoint, type ModelSettings, MoonModel, type Scores } from "./model";
import type { Points } from "./moons";

/** What the page shows of a run. */
export interface Snapshot {
  readonly state: "running" | "paused" | "finished" | "lost";
  readonly backend: BackendName;
  readonly step: number;
  readonly dropout: Outcome;
  readonly plain: Outcome;
}

/** One of the two models: how good it is, and its probabilities over the plane. */
interface Outcome {
  readonly scores: Scores;
  readonly boundary: Float32Array;
}

/** The losses of one backend, step by step, with the masks of the seed. */
export interface ProofCurve {
  readonly backend: BackendName;
  readonly losses: Float64Array;
}

/** Steps between two looks at the models, which cost more than the steps. */
const STEPS_PER_SNAPSHOT = 5;

export const LAST_STEP = 3000;

/** Pauses between looks, so that the eye can follow and the device stays cool. */
const PAUSE_MS = 25;

/** Steps between two copies of a GPU's models, from which a run goes on after the device is lost. */
const STEPS_PER_CHECKPOINT = 25;

/** Two models that learn the same points, one with dropout and one without; played, paused, moved between backends. */
export class Training {
  readonly #backends: Backends;
  #settings: ModelSettings = { seed: 0n, p: 0.5, width: 1 };
  #backend: BackendName = "cpu";
  #models: { dropout: MoonModel; plain: MoonModel } | null = null;
  #kept: { dropout: Checkpoint; plain: Checkpoint } | null = null;
  #state: Snapshot["state"] = "paused";
  /** Whether a run that was lost was playing. */
  #resume = false;
  #last: Snapshot | null = null;
  #show: (snapshot: Snapshot) => unknown = () => {};
  #turn: Promise<unknown> = Promise.resolve();
  #cancelled = false;

  constructor(backends: Backends) {
    this.#backends = backends;
  }

  /** Starts over, paused at step 0. `show` is called with every snapshot from now on. Returns the points to learn. */
  start(settings: ModelSettings, backend: BackendName, show: (snapshot: Snapshot) => unknown): Promise<{ train: Points; test: Points }> {
    this.#state = "paused";
    return this.#exclusive(async () => {
      const opened = await this.#backends.open(backend);
      this.#drop();
      this.#settings = settings;
      this.#backend = backend;
      this.#show = show;
      this.#resume = false;
      this.#models = await this.#create(opened);
      await this.#snapshot();
      return this.#models.dropout.points;
    });
  }

  /** Trains until `pause`, or until the last step. */
  play(): void {
    if (this.#state !== "paused" || this.#models === null) return;
    this.#state = "running";
    void this.#loop();
  }

  async pause(): Promise<void> {
    if (this.#state === "running") this.#state = "paused";
    await this.#exclusive(async () => this.#emit());
  }

  /** One step. */
  async step(): Promise<void> {
    if (this.#state === "paused") await this.#exclusive(() => this.#advance(1));
  }

  /** Moves the run to another backend, between two steps. */
  useBackend(name: BackendName): Promise<void> {
    return this.#exclusive(async () => {
      const backend = await this.#backends.open(name);
      const models = this.#models;
      if (models === null || this.#state === "lost") return;
      for (const model of [models.dropout, models.plain]) await model.moveTo(backend);
      this.#backend = name;
      this.#kept = null;
      await this.#snapshot();
    });
  }

  /** The spread of `passes` answers of the model with dropout, over the plane. */
  uncertainty(passes: number, progress: (done: number) => void): Promise<Float32Array> {
    return this.#exclusive(async () => {
      if (this.#models === null) throw new Error("uncertainty: expected a model, got none - start a run first");
      return this.#models.dropout.uncertainty(passes, progress);
    });
  }

  /** Trains the model with dropout from the start on every backend there is, and returns the losses; fewer when cancelled. */
  async prove(settings: ModelSettings, steps: number, progress: (backend: BackendName, done: number) => void): Promise<ProofCurve[]> {
    this.#cancelled = false;
    await this.pause();
    const curves: ProofCurve[] = [];
    for (const name of BACKEND_NAMES) {
      if (!(await this.#backends.report(name)).available) continue;
      const model = await MoonModel.create(settings, await this.#backends.open(name));
      try {
        const losses = await this.#losses(model, steps, (done) => progress(name, done));
        if (losses === null) break;
        curves.push({ backend: name, losses });
      } finally {
        model.dispose();
      }
    }
    return curves;
  }

  /** The loss of each of the first steps, or null when cancelled. */
  async #losses(model: MoonModel, steps: number, progress: (done: number) => void): Promise<Float64Array | null> {
    const losses = new Float64Array(steps);
    for (let step = 0; step < steps; step++) {
      const loss = model.train();
      losses[step] = await loss.item();
      loss.dispose();
      if (step % 10 !== 9) continue;
      progress(step + 1);
      await rest(0); // lets a cancel come through
      if (this.#cancelled) return null;
    }
    return losses;
  }

  cancel(): void {
    this.#cancelled = true;
  }

  /** The run stops where its device was lost; runs elsewhere go on. */
  gpuLost(): void {
    if (this.#backend !== "webgpu" || this.#models === null || this.#state === "lost") return;
    this.#resume = this.#state === "running";
    this.#state = "lost";
    this.#emit();
  }

  /** Goes on from the last copy, on the new device. */
  recover(): Promise<void> {
    return this.#exclusive(async () => {
      if (this.#state !== "lost") return;
      const kept = this.#kept;
      const backend = await this.#backends.open("webgpu");
      this.#drop();
      this.#models = await this.#create(backend);
      if (kept !== null) {
        this.#models.dropout.restore(kept.dropout);
        this.#models.plain.restore(kept.plain);
      }
      this.#state = "paused";
      await this.#snapshot();
      if (this.#resume) this.play();
    });
  }

  async #loop(): Promise<void> {
    try {
      while (this.#state === "running") {
        await this.#exclusive(() => this.#advance(STEPS_PER_SNAPSHOT));
        await rest(PAUSE_MS);
      }
    } catch (error) {
      // A lost device is told by `gpuLost`, which may come a moment after the first call that fails.
      if (!(error instanceof Error) || error.name !== "DeviceLostError") throw error;
      this.gpuLost();
    }
  }

  async #advance(steps: number): Promise<void> {
    if (this.#models === null) return;
    const { dropout, plain } = this.#models;
    for (let i = 0; i < steps && dropout.step < LAST_STEP; i++) for (const model of [dropout, plain]) model.train().dispose();
    if (dropout.step >= LAST_STEP) this.#state = "finished";
    if (this.#backend === "webgpu" && dropout.step % STEPS_PER_CHECKPOINT < steps) {
      this.#kept = { dropout: await dropout.checkpoint(), plain: await plain.checkpoint() };
    }
    await this.#snapshot();
  }

  async #snapshot(): Promise<void> {
    if (this.#models === null) return;
    const { dropout, plain } = this.#models;
    const [withDropout, without] = [await outcome(dropout), await outcome(plain)];
    this.#last = { state: this.#state, backend: this.#backend, step: dropout.step, dropout: withDropout, plain: without };
    await this.#show(this.#last); // the page's answer keeps a fast worker from flooding it
  }

  /** The last snapshot again, in the present state. */
  #emit(): void {
    if (this.#last === null) return;
    this.#last = { ...this.#last, state: this.#state };
    this.#show(this.#last);
  }

  async #create(backend: Backend): Promise<{ dropout: MoonModel; plain: MoonModel }> {
    return {
      dropout: await MoonModel.create(this.#settings, backend),
      plain: await MoonModel.create({ ...this.#settings, p: 0 }, backend),
    };
  }

  #drop(): void {
    this.#models?.dropout.dispose();
    this.#models?.plain.dispose();
    this.#models = null;
    this.#kept = null;
  }

  /** Runs `work` when all that was asked before is done: steps, moves and resets must not mix. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}

// --- internal helpers ---

async function outcome(model: MoonModel): Promise<Outcome> {
  return { scores: await model.scores(), boundary: await model.boundary() };
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
