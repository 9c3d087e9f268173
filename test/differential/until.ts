import { realRuntime } from "../../src/runtime/runtime.js";

const machine = realRuntime();

/** Looks at every turn of the event loop whether it is so. @throws {Error} if it never becomes so. */
export async function until(isSo: () => boolean, what: () => string): Promise<void> {
  const startedMs = machine.elapsed();
  while (!isSo()) {
    if (machine.elapsed() - startedMs > patienceMs) throw new Error(`never came: ${what()}`);
    await new Promise<void>((resolve) => {
      machine.defer(resolve);
    });
  }
}

/** Of the machine's time: a bound on hanging, not an expectation. */
const patienceMs = 5_000;
