/** Something that the person at the keyboard can put right. Ends the program with its one-line message and exit code 2. */
export class UserError extends Error {
  override readonly name = "UserError";
}
