import { realRuntime } from "waybill/store";

const { after, elapsed } = realRuntime();

/** A bound on hanging, not an expectation. */
const patienceMs = 90_000;

/** Waits for so many of the machine's milliseconds. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => void after(ms, resolve));

/** Waits until it is so. @throws {Error} that names it, when it is not so for a minute and a half */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = elapsed() + patienceMs;
  while (!(await isSo())) {
    if (elapsed() > endMs) throw new Error(`${what}: not for ${String(patienceMs / 1_000)} s`);
    await pause(10);
  }
}
