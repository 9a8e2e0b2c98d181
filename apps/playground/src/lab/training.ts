import type { Backend } from "@dropwise/core";
import type { BackendName, Backends } from "./backends";
import { type Checkpoint, type ModelSettings, MoonModel, type Scores } from "./model";

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

/** One for the model with dropout, one for the model without. */
interface Pair<T> {
  readonly dropout: T;
  readonly plain: T;
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
  #models: Pair<MoonModel> | null = null;
  #kept: Pair<Checkpoint> | null = null;
  #state: Snapshot["state"] = "paused";
  /** Whether a run that was lost was playing. */
  #resume = false;
  #last: Snapshot | null = null;
  #show: (snapshot: Snapshot) => unknown = () => {};
  #turn: Promise<unknown> = Promise.resolve();
  #cancelled = false;
  #starts = 0;
  #plays = 0;

  constructor(backends: Backends) {
    this.#backends = backends;
  }

  /**
   * Starts over, paused at step 0. `show` is called with every snapshot from now on. Returns the points to learn; null when another start was asked for
   * meanwhile.
   */
  start(settings: ModelSettings, backend: BackendName, show: (snapshot: Snapshot) => unknown): Promise<MoonModel["points"] | null> {
    const mine = ++this.#starts;
    this.#state = "paused";
    return this.#exclusive(async () => {
      if (mine !== this.#starts) return null;
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
    void this.#loop(++this.#plays);
  }

  async pause(): Promise<void> {
    if (this.#state === "running") this.#state = "paused";
    await this.#exclusive(async () => this.#emit());
  }

  /** One step. */
  async step(): Promise<void> {
    if (this.#state === "paused") await this.#exclusive(() => this.#advance(1));
  }

  /** Moves the run to another backend, between two steps; a run whose device was lost goes on there from its last copy. */
  useBackend(name: BackendName): Promise<void> {
    return this.#exclusive(async () => {
      const backend = await this.#backends.open(name);
      if (this.#models === null) return;
      if (this.#state === "lost") return this.#revive(name, backend);
      this.#kept = name === "webgpu" ? await checkpoint(this.#models) : null;
      for (const model of [this.#models.dropout, this.#models.plain]) await model.moveTo(backend);
      this.#backend = name;
      await this.#snapshot();
    });
  }

  /** The spread of `passes` answers of the model with dropout, over the plane, and the step it was asked at; null when cancelled. */
  uncertainty(passes: number, progress: (done: number) => unknown): Promise<{ deviations: Float32Array; step: number } | null> {
    this.#cancelled = false;
    return this.#exclusive(async () => {
      const model = this.#models?.dropout;
      if (model === undefined) throw new Error("uncertainty: expected a model, got none - start a run first");
      const deviations = await model.uncertainty(passes, async (done) => {
        await progress(done); // the page's answer comes after a cancel that it sent before
        return !this.#cancelled;
      });
      return deviations && { deviations, step: model.step };
    });
  }

  /** Ends `uncertainty`. */
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

  /** A lost run goes on from its last copy, on the new device. */
  recover(): Promise<void> {
    return this.#exclusive(async () => {
      if (this.#state === "lost") await this.#revive("webgpu", await this.#backends.open("webgpu"));
    });
  }

  async #revive(name: BackendName, backend: Backend): Promise<void> {
    const kept = this.#kept;
    this.#drop();
    this.#models = await this.#create(backend);
    if (kept !== null) {
      this.#models.dropout.restore(kept.dropout);
      this.#models.plain.restore(kept.plain);
      this.#kept = kept;
    }
    this.#backend = name;
    this.#state = "paused";
    await this.#snapshot();
    if (this.#resume) this.play();
  }

  /** Ends when another loop has begun: a run can be stopped and played again while this one rests. */
  async #loop(mine: number): Promise<void> {
    try {
      while (this.#state === "running" && mine === this.#plays) {
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
      this.#kept = await checkpoint(this.#models);
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

  async #create(backend: Backend): Promise<Pair<MoonModel>> {
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

async function checkpoint({ dropout, plain }: Pair<MoonModel>): Promise<Pair<Checkpoint>> {
  return { dropout: await dropout.checkpoint(), plain: await plain.checkpoint() };
}

async function outcome(model: MoonModel): Promise<Outcome> {
  return { scores: await model.scores(), boundary: await model.boundary() };
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
