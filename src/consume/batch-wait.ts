import type { Runtime, TimerHandle } from "../runtime/runtime.js";
import type { ConsumerSpec } from "./consumer-spec.js";
import type { DeliveryRun } from "./delivery-run.js";
import type { Lanes } from "./lanes.js";

/** Holds deliveries back until they are a full batch or have waited long enough. */
export class BatchWait {
  readonly #spec: NonNullable<ConsumerSpec["batch"]>;
  readonly #runtime: Runtime;
  readonly #onDue: () => void;
  #timer: TimerHandle | undefined;
  #due = false;

  /** @param onDue called when a batch that is not full has waited long enough. */
  constructor(spec: NonNullable<ConsumerSpec["batch"]>, runtime: Runtime, onDue: () => void) {
    this.#spec = spec;
    this.#runtime = runtime;
    this.#onDue = onDue;
  }

  /** The next batch of those that wait, `waiting` in all. */
  next(lanes: Lanes, waiting: number): readonly DeliveryRun[] | undefined {
    const { max, maxWaitMs } = this.#spec;
    if (waiting < max && !this.#due) {
      this.#timer ??= this.#runtime.after(maxWaitMs, () => {
        this.#timer = undefined;
        this.#due = true;
        this.#onDue();
      });
      return undefined;
    }
    const first = lanes.next();
    if (first === undefined) return undefined;
    this.cancel();
    this.#due = this.#due && lanes.ready > 0;
    return [first, ...lanes.join(first, max)];
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
