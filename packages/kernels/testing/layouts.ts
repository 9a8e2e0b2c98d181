/** The kinds of layouts that masks are drawn by, with their widths. */
export const LAYOUTS = [
  { kind: "packed", width: 2 },
  { kind: "packed", width: 4 },
  { kind: "packed", width: 8 },
  { kind: "spread", width: 4 },
  { kind: "wide", width: 2 },
  { kind: "flat", width: 1 },
  { kind: "flat", width: 4 },
] as const;
