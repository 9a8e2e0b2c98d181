/**
 * Something that the person at the keyboard can put right: a wrong flag, a missing file, a bad table.
 * Ends the program with its one-line message on stderr, exit code 2 and no stack trace.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  constructor(message: string) {
    super(message.replace(/\s*\n\s*/g, " "));
  }
}

/** The one-line reason why a file could not be read, from the error that Node gave. */
export function fileError(path: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === "ENOENT") return new UserError(`${path}: no such file - check the path`);
  if (code === "EISDIR") return new UserError(`${path}: expected a file, got a folder`);
  if (code === "ENOTDIR") return new UserError(`${path}: no such file - a part of the path is not a folder`);
  if (code === "EACCES" || code === "EPERM") return new UserError(`${path}: no permission to read it`);
  return new UserError(`${path}: could not be read (${error instanceof Error ? error.message : String(error)})`);
}
