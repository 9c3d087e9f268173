import { WaybillError } from "../../src/transport/index.js";
import type { EventGridEvent } from "./event-delivery.js";
import type { Outcome, PushReceiver } from "./push-receiver.js";

/** Where a webhook meets the receiver that a running service reads. */
export class Inbox {
  readonly #waitMs: number;
  readonly #maxUnsettled: number;
  #receiver: PushReceiver | undefined;

  constructor(waitMs: number, maxUnsettled: number) {
    this.#waitMs = waitMs;
    this.#maxUnsettled = maxUnsettled;
  }

  /** @throws {WaybillError} `invalidOption` if somebody reads it already */
  attach(receiver: PushReceiver, name: string): void {
    if (this.#receiver !== undefined) {
      throw new WaybillError(
        "invalidOption",
        `the handler for "${name}" is read by another listener already: make one eventGridHandler() for each`,
      );
    }
    this.#receiver = receiver;
  }

  detach(): void {
    this.#receiver = undefined;
  }

  /** What became of the events; `absent` if no service reads them, `full` if it has enough: then it has seen none. */
  deliver(events: readonly EventGridEvent[]): Promise<readonly Outcome[]> | "absent" | "full" {
    if (this.#receiver === undefined) return "absent";
    const { unsettled } = this.#receiver;
    // A request that has more than that by itself could never be taken: it is when there is nothing else.
    if (unsettled > 0 && unsettled + events.length > this.#maxUnsettled) return "full";
    return this.#receiver.deliver(events, this.#waitMs);
  }
}
