import {
  within,
  WaybillError,
  type BacklogEvidence,
  type Delivery,
  type MaybePromise,
  type PartitionEvidence,
  type Receiver,
  type ReceiverOptions,
  type SettleRequest,
  type TimerHandle,
} from "../../src/transport/index.js";
import { Arrivals } from "./arrivals.js";
import { EventDelivery } from "./event-delivery.js";
import { partitionLost } from "./group-progress.js";
import { mapError } from "./map-error.js";
import { OwnedPartitions, type OwnedPartitionsParts } from "./owned-partitions.js";
import type { GroupPark } from "./park.js";

/** What a receiver of a consumer group stands on. */
export interface StreamReceiverParts extends OwnedPartitionsParts {
  readonly park: GroupPark;
}

/**
 * Reads a stream as one member of a consumer group: the partitions that the group's members leave it, each with up to
 * `perLane` unsettled events.
 *
 * It does not use the SDK's own event processor (`subscribe` over all partitions with a checkpoint store), but one
 * `subscribe` per partition and a balancing of our own: the processor goes on reading when it could not renew an
 * ownership, looks at nothing between two rounds of ten seconds, waits on timers that no runtime owns, and gives up what
 * it has only after all else. Per partition there is the same back-pressure, `processEvents`, and a partition that was
 * taken is known at once: by the epoch, which ends the older link, or by the store.
 *
 * `complete` only makes room for the next event; what is stored is the checkpoint. `deadLetter` parks.
 */
export class StreamReceiver implements Receiver {
  readonly #parts: StreamReceiverParts;
  readonly #arrivals = new Arrivals();
  readonly #owned: OwnedPartitions;
  /** Whether a look has succeeded. */
  #ready = false;
  #closed: Promise<void> | undefined;

  constructor(parts: StreamReceiverParts, options: ReceiverOptions) {
    this.#parts = parts;
    this.#owned = new OwnedPartitions(parts, options, this.#arrivals);
    // At once, so that where the group begins is known as early as can be; what fails is told by `receive`.
    void this.#look().catch(() => undefined);
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closed !== undefined) return [];
    return this.#ready ? this.#receive(max, signal) : this.#receiveFirst(max, signal);
  }

  settle(requests: readonly SettleRequest[]): Promise<readonly (WaybillError | undefined)[]> {
    return Promise.all(requests.map((request) => this.#settle(request)));
  }

  /** There are no locks. */
  renew(deliveries: readonly Delivery[]): readonly WaybillError[] {
    return deliveries.map(
      () => new WaybillError("unsupported", `events of "${this.#hub}" have no locks to renew`),
    );
  }

  async checkpoint(delivery: Delivery): Promise<void> {
    const { tenure, broker } = ownEvent(delivery);
    const { offset = "", sequenceNumber = "" } = broker;
    await this.#owned.progress.checkpoint(tenure, { offset, sequenceNumber });
  }

  evidence(): readonly PartitionEvidence[] {
    return this.#owned.all().map(({ tenure: { partition, open, seen } }) => ({
      partition,
      unsettled: open.size,
      ...seen,
    }));
  }

  /**
   * An event behind the last one that came, of a partition of which nothing is here. Does not tell (`unsupported`) while a
   * partition is examined: the one that asks would make the receiver anew, and the examination begin anew with it.
   */
  async backlog(): Promise<BacklogEvidence | undefined> {
    const examined = this.#owned.all().find(({ examining }) => examining);
    if (examined !== undefined) {
      const { partition } = examined.tenure;
      throw new WaybillError("unsupported", `partition ${partition} of "${this.#hub}" is being examined`);
    }
    const behind = await Promise.all(this.#owned.all().map((owned) => owned.behind())).catch(
      (error: unknown) => {
        throw this.#mapped(error);
      },
    );
    const at = behind.find((number) => number !== undefined);
    return at === undefined ? undefined : { id: at, mayBeLocked: false };
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  get #hub(): string {
    return this.#parts.place.stream;
  }

  async #close(): Promise<void> {
    const { client, closing } = this.#parts;
    this.#arrivals.close();
    await this.#owned.close();
    await within(closing, "cannot close a client", () => client.close()).catch(() => undefined);
  }

  /**
   * Waits for the reader's place in the stream, a little also when `signal` fires: whoever was answered once may rely on
   * "latest" being passed.
   */
  async #receiveFirst(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    let impatient: (() => void) | undefined;
    let timer: TimerHandle | undefined;
    const patience = new Promise<void>((resolve) => {
      impatient = (): void => {
        timer = this.#parts.deadline.runtime.after(patienceMs, resolve);
      };
      if (signal.aborted) impatient();
      else signal.addEventListener("abort", impatient, { once: true });
    });
    try {
      await Promise.race([this.#look(), patience]);
    } finally {
      if (impatient !== undefined) signal.removeEventListener("abort", impatient);
      timer?.cancel();
    }
    return this.#receive(max, signal);
  }

  async #look(): Promise<void> {
    await this.#owned.look();
    this.#ready = true;
  }

  #receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closed !== undefined) return [];
    const got = this.#arrivals.receive(max, signal);
    // Now that nothing else is there; while other partitions are busy, the next look sees to it.
    if (got instanceof Promise) this.#owned.goOn();
    return got;
  }

  async #settle({ delivery, action }: SettleRequest): Promise<WaybillError | undefined> {
    const doing = `cannot ${action.kind} an event of "${this.#hub}"`;
    try {
      const own = ownEvent(delivery);
      const { tenure } = own;
      if (tenure.ended || !tenure.open.has(own)) return partitionLost(this.#hub, tenure.partition);
      if (action.kind === "deadLetter") await this.#parts.park.keep(own, action.record);
      else if (action.kind !== "complete") {
        return new WaybillError(
          "unsupported",
          `an event of "${this.#hub}" cannot be put back or deferred: its partition goes on, or waits`,
        );
      }
      tenure.settled(own);
      return undefined;
    } catch (error) {
      return mapError(error, doing);
    }
  }

  #mapped(error: unknown): WaybillError {
    return mapError(error, `cannot read "${this.#hub}" for group "${this.#parts.place.group}"`);
  }
}

/** Milliseconds for which a receive that was told to end waits for the reader's place. */
const patienceMs = 5_000;

/** @throws {WaybillError} `settleFailed` for a delivery that no receiver of this kind made. */
function ownEvent(delivery: Delivery): EventDelivery {
  if (delivery instanceof EventDelivery) return delivery;
  throw new WaybillError("settleFailed", "this is no delivery of the receiver", { class: "permanent" });
}
