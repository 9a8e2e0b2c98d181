import { execFile } from "node:child_process";
import { appFile } from "./files";

/**
 * Opens a backend in a process of its own and throws what went wrong there. Its output is dropped: where there is no GPU, the library that
 * gives Node WebGPU writes warnings to the terminal from C++, which nothing in this process could hold back.
 */
export async function tryAlone({ specifier, factory }: { specifier: string; factory: string }): Promise<void> {
  const script = `
    const report = ({ code, message }) => process.stdout.write(JSON.stringify({ code, message }), () => process.exit(1));
    import(${JSON.stringify(specifier)}).then((module) => module[${JSON.stringify(factory)}]()).then(() => process.exit(0), report);`;
  // Packages are found from the folder that the process runs in.
  const child = { args: ["--input-type=module", "--eval", script], options: { cwd: appFile(".") } };
  const output = await new Promise<string | null>((resolve) => {
    execFile(process.execPath, child.args, child.options, (error, stdout) => resolve(error === null ? null : stdout));
  });
  if (output === null) return;
  const { code, message } = output === "" ? { code: undefined, message: "it ended the process that tried it" } : JSON.parse(output);
  throw Object.assign(new Error(message), { code });
}
