import {
  WaybillError,
  type BacklogEvidence,
  type BrokerFacts,
  type Delivery,
  type Envelope,
  type MaybePromise,
  type Receiver,
  type ReceiverOptions,
  type SettleAction,
  type SettleRequest,
} from "../../src/transport/index.js";
import type { StreamEvent } from "./broker/stream/stream-event.js";
import { partitionLost, type ConsumerGroup, type GroupMember, type Tenure } from "./consumer-group.js";
import { asStored } from "./letterbox.js";
import { mapError } from "./map-error.js";
import { readMessage } from "./message-delivery.js";
import { WaitingReceive } from "./waiting-receive.js";
import type { World } from "./world.js";

/** A delivery of a stream: its lane is its partition. */
class StreamDelivery implements Delivery {
  readonly envelope: Envelope;
  readonly defect?: WaybillError;
  readonly lane: string;
  readonly native: StreamEvent;
  readonly tenure: Tenure;
  /** An event hub counts no deliveries and locks nothing. */
  readonly deliveryCount = 1;
  readonly lockedUntilMs = undefined;

  constructor(native: StreamEvent, tenure: Tenure, hub: string) {
    const { envelope, defect } = readEvent(native, hub);
    this.envelope = envelope;
    if (defect !== undefined) this.defect = defect;
    this.lane = native.partitionId;
    this.native = native;
    this.tenure = tenure;
  }

  get broker(): BrokerFacts {
    return factsOf(this.native);
  }
}

/**
 * Reads a stream for a consumer group, as one of its members: the partitions that the group gave it, each with up to
 * `perLane` unsettled events.
 *
 * `complete` only makes room for the next event; what is stored is the checkpoint. `deadLetter` parks.
 */
export class StreamReceiver implements Receiver, GroupMember {
  readonly startFrom: ReceiverOptions["startFrom"];
  readonly #world: World;
  readonly #group: ConsumerGroup;
  readonly #options: ReceiverOptions;
  /** The unsettled deliveries of each partition, the next one to read from first. */
  readonly #open = new Map<Tenure, Set<StreamDelivery>>();
  readonly #waiting = new WaitingReceive();
  #closed = false;

  constructor(world: World, group: ConsumerGroup, options: ReceiverOptions) {
    this.#world = world;
    this.#group = group;
    this.#options = options;
    this.startFrom = options.startFrom;
    world.clock.catchUp();
    group.join(this);
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closed) return [];
    this.#world.clock.catchUp();
    const taken = this.#take(max);
    if (taken.length > 0 || signal.aborted) return taken;
    const answer = this.#waiting.wait(max, signal, () => {
      for (const { reader } of this.#open.keys()) reader.onAvailable(undefined);
    });
    this.#listen();
    return answer;
  }

  settle(requests: readonly SettleRequest[]): readonly (WaybillError | undefined)[] {
    this.#world.clock.catchUp();
    const answers = requests.map(({ delivery, action }) => {
      try {
        return this.#settleOne(delivery, action);
      } catch (error) {
        return mapError(error, `cannot ${action.kind} an event of "${this.#group.hub}"`);
      }
    });
    this.#serve();
    return answers;
  }

  /** There are no locks. */
  renew(deliveries: readonly Delivery[]): readonly WaybillError[] {
    return deliveries.map(
      () => new WaybillError("unsupported", `events of "${this.#group.hub}" have no locks to renew`),
    );
  }

  /** The first event that it has not read, of a partition that has room. */
  backlog(): BacklogEvidence | undefined {
    this.#world.clock.catchUp();
    for (const [{ partition, reader }, open] of this.#open) {
      const next = reader.next;
      if (open.size > 0 || next === undefined) continue;
      return {
        id: `${partition}/${String(next.sequenceNumber)}`,
        enqueuedAtMs: next.enqueuedTimeMs,
        mayBeLocked: false,
      };
    }
    return undefined;
  }

  checkpoint(delivery: Delivery): void {
    this.#world.clock.catchUp();
    const { tenure, native } = ownEvent(delivery);
    this.#group.checkpoint(tenure, native);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.answer([]);
    this.#group.leave(this);
    this.#open.clear();
  }

  gained(tenure: Tenure): void {
    this.#open.set(tenure, new Set());
    this.#serve();
  }

  lost(tenure: Tenure): void {
    const open = this.#open.get(tenure) ?? [];
    this.#open.delete(tenure);
    const error = partitionLost(this.#group.hub, tenure.partition);
    for (const delivery of open) this.#options.onLost(delivery, error);
  }

  #take(max: number): readonly StreamDelivery[] {
    const taken: StreamDelivery[] = [];
    for (const [tenure, open] of [...this.#open]) {
      const room = Math.min(this.#options.perLane - open.size, max - taken.length);
      if (room <= 0) continue;
      const events = tenure.reader.take(room);
      if (events.length === 0) continue;
      for (const event of events) {
        const delivery = new StreamDelivery(event, tenure, this.#group.hub);
        open.add(delivery);
        taken.push(delivery);
      }
      // To the end of the row, so that a busy partition does not starve the others.
      this.#open.delete(tenure);
      this.#open.set(tenure, open);
    }
    return taken;
  }

  #listen(): void {
    for (const [tenure, open] of [...this.#open]) {
      if (!this.#waiting.pending) return;
      if (open.size < this.#options.perLane) {
        tenure.reader.onAvailable(() => {
          this.#serve();
        });
      }
    }
  }

  /** Looks again for the receive that waits, if one does: something has changed. */
  #serve(): void {
    if (!this.#waiting.pending) return;
    const taken = this.#take(this.#waiting.max);
    if (taken.length > 0) this.#waiting.answer(taken);
    else this.#listen();
  }

  #settleOne(delivery: Delivery, action: SettleAction): WaybillError | undefined {
    const own = ownEvent(delivery);
    const open = this.#open.get(own.tenure);
    if (own.tenure.ended || open?.has(own) !== true) {
      return partitionLost(this.#group.hub, own.tenure.partition);
    }
    if (action.kind === "deadLetter") this.#park(own, action);
    else if (action.kind !== "complete") {
      return new WaybillError(
        "unsupported",
        `an event of "${this.#group.hub}" cannot be put back or deferred: its partition goes on, or waits`,
      );
    }
    open.delete(own);
    return undefined;
  }

  #park({ native, broker }: StreamDelivery, { record }: Extract<SettleAction, { kind: "deadLetter" }>): void {
    this.#group.parked.add({
      read: () => readEvent(native, this.#group.hub).envelope,
      record: asStored(record),
      broker,
      deliveryCount: 1,
      native,
    });
  }
}

const readEvent = (event: StreamEvent, hub: string): ReturnType<typeof readMessage> =>
  readMessage(event.message, `${hub}/${event.partitionId}/${String(event.sequenceNumber)}`);

const factsOf = (event: StreamEvent): BrokerFacts => ({
  messageId: event.message.messageId ?? "",
  sequenceNumber: String(event.sequenceNumber),
  partition: event.partitionId,
  offset: event.offset,
  enqueuedAtMs: event.enqueuedTimeMs,
});

/** @throws {WaybillError} `settleFailed` for a delivery that no receiver of this kind made. */
function ownEvent(delivery: Delivery): StreamDelivery {
  if (delivery instanceof StreamDelivery) return delivery;
  throw new WaybillError("settleFailed", "this is no delivery of the receiver", { class: "permanent" });
}
