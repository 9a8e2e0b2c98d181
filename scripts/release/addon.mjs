/** What a compiled addon says of itself, going by its bytes: for which platform it was made, and how new a C library it needs. */

/** @type {Record<number, string>} e_machine in ELF. */
const ELF = { 62: "x64", 183: "arm64" };
/** @type {Record<number, string>} cputype in Mach-O. */
const MACH = { 16777223: "x64", 16777228: "arm64" };
/** @type {Record<number, string>} Machine in PE. */
const PE = { 34404: "x64", 43620: "arm64" };

/**
 * The platform in the names that packages have: "linux-x64-gnu". Undefined for what is no program, or one for another processor.
 *
 * @param {Buffer} bytes
 * @returns {string | undefined}
 */
export function platformOf(bytes) {
  const [os, cpu] = systemOf(bytes);
  if (os === undefined || cpu === undefined) return undefined;
  if (os !== "linux") return `${os}-${cpu}`;
  return `linux-${cpu}-${bytes.includes("libc.musl-") ? "musl" : "gnu"}`;
}

/**
 * The newest glibc whose functions the addon names: 17 for 2.17. 0 where it names none.
 *
 * @param {Buffer} bytes
 */
export function glibcOf(bytes) {
  const named = [...bytes.toString("latin1").matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
  return Math.max(0, ...named);
}

// --- internal helpers ---

/** @param {Buffer} bytes @returns {[os?: string, cpu?: string]} */
function systemOf(bytes) {
  if (bytes.length < 64) return [];
  if (bytes.readUInt32BE(0) === 0x7f454c46) return ["linux", ELF[bytes.readUInt16LE(18)]];
  if (bytes.readUInt32LE(0) === 0xfeedfacf) return ["darwin", MACH[bytes.readUInt32LE(4)]];
  if (bytes.toString("latin1", 0, 2) !== "MZ") return [];
  const header = bytes.readUInt32LE(0x3c);
  return header + 6 > bytes.length ? [] : ["win32", PE[bytes.readUInt16LE(header + 4)]];
}
