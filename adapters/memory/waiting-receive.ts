import { WaybillError, type Delivery } from "../../src/transport/index.js";

/**
 * The receive that found nothing: it answers once, with the first deliveries to come, or with none when its signal
 * fires or the receiver is closed. No timer, no polling.
 */
export class WaitingReceive {
  #answer: ((deliveries: readonly Delivery[]) => void) | undefined;
  #max = 0;

  get pending(): boolean {
    return this.#answer !== undefined;
  }

  /** How many deliveries it takes. */
  get max(): number {
    return this.#max;
  }

  /**
   * Begins to wait. Calls `stopListening` when that is over, however it ends.
   * @throws {WaybillError} `invalidOption` if a receive waits already.
   */
  wait(max: number, signal: AbortSignal, stopListening: () => void): Promise<readonly Delivery[]> {
    if (this.pending) {
      throw new WaybillError("invalidOption", "a receive of this receiver waits already: await it first");
    }
    this.#max = max;
    return new Promise((resolve) => {
      const none = (): void => {
        this.answer([]);
      };
      this.#answer = (deliveries) => {
        this.#answer = undefined;
        signal.removeEventListener("abort", none);
        stopListening();
        resolve(deliveries);
      };
      signal.addEventListener("abort", none);
    });
  }

  answer(deliveries: readonly Delivery[]): void {
    this.#answer?.(deliveries);
  }
}
