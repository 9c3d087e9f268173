import { Handoff, WaybillError, type MaybePromise } from "../../src/transport/index.js";
import type { EventDelivery } from "./event-delivery.js";
import type { Tenure } from "./tenure.js";

/** What has come of all partitions, and what is to be told: for whoever receives now, or next. */
export class Arrivals {
  readonly #handoff = new Handoff<EventDelivery>();
  readonly #untold: WaybillError[] = [];

  /** @throws {WaybillError} what is to be told */
  receive(max: number, signal: AbortSignal): MaybePromise<readonly EventDelivery[]> {
    if (this.#untold.length > 0) throw together(this.#untold.splice(0));
    const got = this.#handoff.receive(max, signal, () => undefined);
    return got instanceof Promise ? got.then(stillOwned) : got;
  }

  push(deliveries: readonly EventDelivery[]): void {
    this.#handoff.push(...deliveries);
  }

  tell(problem: WaybillError): void {
    if (this.#handoff.waiting) this.#handoff.fail(problem);
    else this.#untold.push(problem);
  }

  /** Drops what nobody was given of a partition that is lost, and answers the rest: that is in flight. */
  lose(tenure: Tenure): ReadonlySet<EventDelivery> {
    const inFlight = new Set(tenure.open);
    this.#handoff.forget((delivery) => delivery.tenure === tenure && inFlight.delete(delivery));
    return inFlight;
  }

  close(): void {
    this.#handoff.close();
  }
}

/** Several partitions have the same fate at the same time, and a receive tells one error. */
function together([first, ...others]: readonly WaybillError[]): WaybillError {
  if (first === undefined || others.length === 0) return first ?? new WaybillError("transportFailed", "");
  const text = [first, ...others].map(({ message }) => message).join("; ");
  return new WaybillError(first.code, text.slice(0, longestText), { class: first.class, cause: first });
}

const longestText = 4_000;

/** What was lost on the way to whoever asked for it is told to nobody: he never had it. */
const stillOwned = (deliveries: readonly EventDelivery[]): readonly EventDelivery[] =>
  deliveries.filter(({ tenure }) => !tenure.ended);
