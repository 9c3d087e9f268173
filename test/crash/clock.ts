import { realRuntime, type Runtime } from "waybill/store";

/** The clock of the stores: the machine's, moved ahead after each death, so that leases end at once. */
export class AdvancedClock {
  readonly #real = realRuntime();
  #aheadMs = 0;

  get runtime(): Runtime {
    return {
      ...this.#real,
      now: () => this.#real.now() + this.#aheadMs,
      elapsed: () => this.#real.elapsed() + this.#aheadMs,
    };
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
  }
}

const { after, elapsed } = realRuntime();

/** Asks until it is so, or `limitMs` have passed: then it answers false. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  limitMs: number,
  betweenMs = 10,
): Promise<boolean> {
  const endMs = elapsed() + limitMs;
  while (!(await isSo())) {
    if (elapsed() > endMs) return false;
    await new Promise<void>((resolve) => after(betweenMs, resolve));
  }
  return true;
}
