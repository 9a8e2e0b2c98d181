export const OPEN: ReadonlySet<string> = new Set();
