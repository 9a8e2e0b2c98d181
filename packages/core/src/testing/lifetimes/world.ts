import { type Backend, nn, ones, optim } from "../../index";
import { behind, leaf, type Scalar, type Step } from "./scalars";
import { type Shadow, Shadows } from "./shadows";

/** One action of a program, and the numbers that its choices are made by. */
export interface Action {
  readonly kind: string;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** What a kind of action does, and how often it comes. */
export type Kinds<Result = void> = Readonly<Record<string, readonly [weight: number, act: (world: World, action: Action) => Result]>>;

/** A model of two parameters, which whatever picks them computes with. */
class Net extends nn.Module {
  readonly params: nn.Parameter[];
  constructor(backend: Backend) {
    super();
    this.params = [[2, 2], [2]].map((shape) => new nn.Parameter(ones(shape, { dtype: "float64", backend })));
  }
  forward(): void {}
}

/** What the actions of one program share. */
export class World {
  readonly shadows = new Shadows();
  readonly net = new Net(this.shadows.backends[0]);
  readonly optimizer = new optim.SGD(this.net.parameters(), { lr: 0.1, momentum: 0.5 });
  readonly params = this.net.params.map((p) => {
    const values = Array.from({ length: p.size }, () => leaf(1));
    return this.shadows.add(p, values, { isLeaf: true, depth: 0 });
  });
  /** What the optimizer keeps for a parameter, and gives up itself. */
  readonly momenta = new Map<Shadow, Shadow>();
  steps: Step[] = [];
  /** Checks that wait for a read to arrive. */
  readonly reads: (() => Promise<void>)[] = [];
  /** Whether there was an edit in place, after which autograd may refuse what depends on it. */
  hasEdited = false;
  /** Whether tensors moved to another backend, where a graph from before cannot follow. */
  hasMoved = false;

  /** A tensor by number; now and then one that may be disposed. */
  pick(n: number, fits: (x: Shadow) => boolean = () => true): Shadow | undefined {
    const from = this.shadows.all.filter((x) => fits(x) && (n % 16 === 15 || !x.isDisposed));
    return from[Math.floor(n / 16) % from.length];
  }

  /** One that goes with `x`: of its backend, but now and then. */
  partner(n: number, x: Shadow, fits: (y: Shadow) => boolean): Shadow | undefined {
    return this.pick(n, (y) => fits(y) && (n % 16 === 15 || y.tensor.backend === x.tensor.backend));
  }

  isMomentum(x: Shadow): boolean {
    return [...this.momenta.values()].includes(x);
  }

  newStep(isPass: boolean): Step {
    const step: Step = { released: 0, depth: this.shadows.depth, isPass };
    this.steps.push(step);
    return step;
  }

  stepsBehind(nodes: readonly Scalar[]): Step[] {
    return [...new Set(behind(nodes).flatMap(({ step }) => step ?? []))];
  }

  /**
   * Runs `real`; undefined where it throws. Inputs that are disposed or of several backends must make it throw the error for that, and no
   * other error may come but one of `also`, and InPlaceError after an edit.
   */
  attempt<T>(inputs: readonly Shadow[], real: () => T, also: readonly string[] = []): T | undefined {
    const required: string[] = [];
    if (inputs.some((x) => x.isDisposed)) required.push("DisposedError");
    if (new Set(inputs.map((x) => x.tensor.backend)).size > 1) required.push("BackendMismatchError");
    let result: T;
    try {
      result = real();
    } catch (error) {
      if (![...required, ...also, ...(this.hasEdited ? ["InPlaceError"] : [])].includes((error as Error).name)) throw error;
      return undefined;
    }
    if (required.length > 0) throw new Error(`expected ${required.join(" or ")}, got no error`);
    return result;
  }
}
