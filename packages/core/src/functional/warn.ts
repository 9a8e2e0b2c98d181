const warned = new Set<string>();

/** Prints a warning the first time it comes up, as Python does; a training loop would repeat it thousands of times. */
export function warnOnce(message: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  console.warn(message);
}
