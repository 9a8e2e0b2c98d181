/** The part of a Node stream that the program writes to; a test passes its own. */
export interface Output {
  write(text: string): unknown;
  /** True for a terminal: colours and moving bars are for those alone. */
  readonly isTTY?: boolean;
}

/** Where results (`stdout`) and messages (`stderr`) go. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
}
