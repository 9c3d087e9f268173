import { bundleChild, type Program } from "../crash/bundle.js";

let bundled: Promise<Program> | undefined;

/** The program of a worker process, for all rows of a run; it is bundled when the first one asks. Answers its file. */
export async function workerProgram(): Promise<string> {
  bundled ??= bundleChild();
  return (await bundled).file;
}

/** Removes it. */
export async function removeProgram(): Promise<void> {
  const program = await bundled;
  bundled = undefined;
  program?.remove();
}
