/** The part of an entry that differs from task to task; waiting and copying are the same for all. */
export interface Work {
  prepare(round: number): void;
  run(calls: number): void;
  dispose(): void;
}
