import {
  Handoff,
  WaybillError,
  type Delivery,
  type MaybePromise,
  type Receiver,
  type Runtime,
  type SettleRequest,
} from "../../src/transport/index.js";
import { EventDelivery, ownDelivery, type EventGridEvent } from "./event-delivery.js";
import { mapError } from "./map-error.js";
import type { ListenerPark } from "./park.js";

/** What became of an event: `later` is to come again, `rejected` is Event Grid's to dead-letter. */
export type Outcome = "done" | "later" | "rejected";

/** How a receiver of pushed events goes about them. */
export interface PushSettings {
  /** For people: `topic/listener`. */
  readonly name: string;
  /** Where dead letters go; without it Event Grid keeps them. */
  readonly park: ListenerPark | undefined;
  readonly runtime: Runtime;
  /** Called when this is closed. */
  readonly closed: () => void;
}

/**
 * Hands what a webhook brings to a core that pulls. The webhook's answer waits until its events are settled; an event whose
 * time is up is Event Grid's again.
 */
export class PushReceiver implements Receiver {
  readonly #settings: PushSettings;
  readonly #handoff = new Handoff<EventDelivery>();
  /** What is not settled, with what tells its request. */
  readonly #open = new Map<EventDelivery, (outcome: Outcome) => void>();
  #closed = false;

  constructor(settings: PushSettings) {
    this.#settings = settings;
  }

  /** Events that are not settled. */
  get unsettled(): number {
    return this.#open.size;
  }

  /** Resolves when each is settled, or after so many milliseconds. */
  deliver(events: readonly EventGridEvent[], waitMs: number): Promise<readonly Outcome[]> {
    const { runtime } = this.#settings;
    const untilMs = runtime.now() + waitMs;
    const deliveries = events.map((event) => new EventDelivery(event, untilMs));
    const outcomes = deliveries.map(
      (delivery) =>
        new Promise<Outcome>((resolve) => {
          this.#open.set(delivery, resolve);
        }),
    );
    const timer = runtime.after(waitMs, () => {
      const late = new Set(deliveries.filter((delivery) => this.#open.has(delivery)));
      this.#handoff.forget((delivery) => late.has(delivery));
      for (const delivery of late) this.#tell(delivery, "later");
    });
    this.#handoff.push(...deliveries);
    return Promise.all(outcomes).finally(() => {
      timer.cancel();
    });
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    return this.#closed ? [] : this.#handoff.receive(max, signal, () => undefined);
  }

  settle(requests: readonly SettleRequest[]): Promise<readonly (WaybillError | undefined)[]> {
    return Promise.all(requests.map((request) => this.#settle(request)));
  }

  /** Event Grid waits no longer for an answer than it does: the end of the lock stays where it is. */
  renew(deliveries: readonly Delivery[]): readonly (number | WaybillError)[] {
    return deliveries.map((each) => {
      try {
        const delivery = ownDelivery(each);
        delivery.checkHeld(this.#settings.runtime.now());
        return delivery.lockedUntilMs;
      } catch (error) {
        return mapError(error, this.#doing("renew"));
      }
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handoff.close();
    for (const delivery of [...this.#open.keys()]) this.#tell(delivery, "later");
    this.#settings.closed();
  }

  async #settle({ delivery, action }: SettleRequest): Promise<WaybillError | undefined> {
    const { park, runtime, name } = this.#settings;
    try {
      const own = ownDelivery(delivery);
      if (action.kind === "defer")
        throw new WaybillError("unsupported", `an event of "${name}" cannot be deferred: release it`);
      own.take(runtime.now());
      if (!this.#open.has(own)) throw new WaybillError("lockLost", "its request was answered already");
      if (action.kind !== "deadLetter") this.#tell(own, action.kind === "complete" ? "done" : "later");
      else if (park === undefined) this.#tell(own, "rejected");
      else {
        try {
          // Before the answer: a crash in between leaves both, and loses neither.
          await park.keep(own, action.record);
        } catch (error) {
          own.giveBack();
          throw error;
        }
        this.#tell(own, "done");
      }
      return undefined;
    } catch (error) {
      return mapError(error, this.#doing(action.kind));
    }
  }

  #tell(delivery: EventDelivery, outcome: Outcome): void {
    this.#open.get(delivery)?.(outcome);
    this.#open.delete(delivery);
  }

  #doing(what: string): string {
    return `cannot ${what} an event of "${this.#settings.name}"`;
  }
}
