import type { EventHubConsumerClient } from "@azure/event-hubs";
import type { Checkpoint, CheckpointStore, GroupPlace } from "../../src/store/index.js";
import {
  Handoff,
  WaybillError,
  within,
  type BacklogEvidence,
  type Deadline,
  type Delivery,
  type MaybePromise,
  type PartitionEvidence,
  type Receiver,
  type ReceiverOptions,
  type SettleRequest,
  type TimerHandle,
} from "../../src/transport/index.js";
import { askStore } from "./ask-store.js";
import { EventDelivery } from "./event-delivery.js";
import { mapError } from "./map-error.js";
import { Membership, type Balancing } from "./membership.js";
import type { GroupPark } from "./park.js";
import { OwnedPartition, type PartitionHost } from "./owned-partition.js";
import type { PartitionReader } from "./partition-reader.js";
import { startOf } from "./start-position.js";

/** What a receiver of a consumer group stands on. */
export interface StreamReceiverParts {
  readonly client: EventHubConsumerClient;
  /** Makes another client, with a connection of its own. */
  readonly another: () => EventHubConsumerClient;
  readonly place: GroupPlace;
  readonly store: CheckpointStore;
  readonly park: GroupPark;
  readonly balancing: Balancing;
  readonly prefetch: number;
  readonly silenceMs: number;
  readonly deadline: Deadline;
  /** For everything that a close waits for. */
  readonly closing: Deadline;
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
  readonly #options: ReceiverOptions;
  readonly #membership: Membership;
  readonly #handoff = new Handoff<EventDelivery>();
  readonly #read = new Map<string, OwnedPartition>();
  /** Those that failed and wait to be started again. */
  readonly #stalled = new Set<PartitionReader>();
  /** What the next receive is to be told. */
  readonly #untold: WaybillError[] = [];
  /** Whether a look has succeeded since the last one that was told to have failed. */
  #ready = false;
  #partitions: readonly string[] | undefined;
  #looks = 0;
  #closed: Promise<void> | undefined;

  constructor(parts: StreamReceiverParts, options: ReceiverOptions) {
    const { client, place, store, balancing, deadline, closing } = parts;
    this.#parts = parts;
    this.#options = options;
    this.#membership = new Membership({
      store,
      place,
      balancing,
      deadline,
      closing,
      partitions: () => this.#partitionIds(client),
      gained: (partitions) => this.#gained(partitions),
      lost: (partition) => {
        this.#lose(partition);
      },
      failed: (error) => {
        this.#tell(this.#mapped(error));
      },
    });
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
    const { partition } = tenure;
    const { offset = "", sequenceNumber = "" } = broker;
    const isOwned = !tenure.ended && (await this.#stillOwns(partition));
    // Meanwhile it may have been lost, and gained again.
    if (!isOwned || tenure.ended) throw partitionLost(this.#hub, partition);
    await this.#save({ partition, offset, sequenceNumber });
  }

  evidence(): readonly PartitionEvidence[] {
    return [...this.#read.values()].map(({ tenure: { partition, open, seen } }) => ({
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
    const examined = [...this.#read.values()].find(({ examining }) => examining);
    if (examined !== undefined) {
      const { partition } = examined.tenure;
      throw new WaybillError("unsupported", `partition ${partition} of "${this.#hub}" is being examined`);
    }
    const behind = await Promise.all([...this.#read.values()].map((owned) => owned.behind())).catch(
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
    for (const { tenure } of this.#read.values()) tenure.end();
    this.#handoff.close();
    await Promise.all([
      this.#membership.close(),
      ...[...this.#read.values()].map(({ reader }) => reader.stop()),
    ]);
    this.#read.clear();
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
    try {
      await this.#membership.look();
      this.#ready = true;
    } catch (error) {
      throw this.#mapped(error);
    }
  }

  #receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closed !== undefined) return [];
    if (this.#untold.length > 0) throw together(this.#untold.splice(0));
    const got = this.#handoff.receive(max, signal, () => undefined);
    if (!(got instanceof Promise)) return got;
    // Now that nothing else is there; while other partitions are busy, the next look sees to it.
    this.#goOn();
    return got.then(stillOwned);
  }

  /** Tells whoever receives now, or next. */
  #tell(problem: WaybillError): void {
    if (this.#handoff.waiting) this.#handoff.fail(problem);
    else this.#untold.push(problem);
  }

  #goOn(): void {
    for (const reader of this.#stalled) reader.start();
    this.#stalled.clear();
  }

  /** Partitions can be added while it runs, so it asks again now and then. */
  async #partitionIds(client: EventHubConsumerClient): Promise<readonly string[]> {
    this.#looks += 1;
    if (this.#partitions === undefined || this.#looks % looksPerQuestion === 0) {
      this.#partitions = await within(this.#parts.deadline, `cannot read "${this.#hub}"`, () =>
        client.getPartitionIds(),
      );
    }
    return this.#partitions;
  }

  async #gained(partitions: readonly string[]): Promise<void> {
    const fresh = partitions.filter((partition) => !this.#read.has(partition));
    this.#goOn();
    for (const owned of this.#read.values()) {
      void owned.watch().catch((error: unknown) => {
        this.#tell(this.#mapped(error));
      });
    }
    if (fresh.length === 0) return;
    const { store, place, deadline } = this.#parts;
    const stored = await askStore(deadline, `cannot load the checkpoints of "${this.#hub}"`, () =>
      store.load(place),
    );
    await Promise.all(
      fresh.map((partition) =>
        this.#begin(
          partition,
          stored.find((each) => each.partition === partition),
        ),
      ),
    );
  }

  async #begin(partition: string, checkpoint: Checkpoint | undefined): Promise<void> {
    const { client, place, deadline } = this.#parts;
    const where = `partition ${partition} of "${this.#hub}" for group "${place.group}"`;
    const ends = await within(deadline, `cannot read ${where}`, () =>
      client.getPartitionProperties(partition),
    );
    const start = startOf(where, partition, checkpoint, this.#options.startFrom, ends);
    if (start.problem !== undefined) await this.#startOver(partition, start.problem);
    if (start.store !== undefined && (await this.#stillOwns(partition))) await this.#save(start.store);
    if (this.#closed !== undefined || !this.#membership.owns(partition) || this.#read.has(partition)) return;
    const { perLane } = this.#options;
    const parts = { ...this.#parts, partition, where, perLane };
    const owned = new OwnedPartition(parts, start, this.#host(partition));
    this.#read.set(partition, owned);
    owned.reader.start();
  }

  #host(partition: string): PartitionHost {
    return {
      arrived: (tenure, events) => {
        if (tenure.ended) return;
        const deliveries = events.map((event) => new EventDelivery(event, tenure, this.#hub));
        for (const delivery of deliveries) tenure.open.add(delivery);
        const last = deliveries.at(-1);
        if (last !== undefined) tenure.seen.lastSequenceNumber = last.broker.sequenceNumber;
        this.#handoff.push(...deliveries);
      },
      startOver: (problem) => this.#startOver(partition, problem),
      tell: (problem) => {
        this.#tell(problem);
      },
      failed: (owned, error) => {
        this.#failed(owned, error);
      },
    };
  }

  #failed({ tenure, reader }: OwnedPartition, error: unknown): void {
    if (tenure.ended) return;
    const mapped = mapError(error, `cannot read partition ${tenure.partition} of "${this.#hub}"`);
    tenure.seen.failure = mapped.message;
    if (mapped.code === "lockLost") {
      this.#taken(tenure.partition);
      return;
    }
    // Several partitions of one connection fail together: that is told once.
    if (this.#stalled.size === 0) this.#tell(mapped);
    this.#stalled.add(reader);
  }

  /** Progress is stored by the owner alone: who was paused may find that another one has begun elsewhere. */
  async #stillOwns(partition: string): Promise<boolean> {
    if (await this.#membership.stillOwns(partition)) return true;
    if (this.#membership.owns(partition)) this.#taken(partition);
    return false;
  }

  /** Another reader has it. */
  #taken(partition: string): void {
    this.#membership.drop(partition);
    this.#lose(partition);
  }

  /** What is in flight of the partition belongs to its next owner, who begins at the checkpoint. */
  #lose(partition: string): void {
    const read = this.#read.get(partition);
    if (read === undefined) return;
    this.#read.delete(partition);
    const { tenure, reader } = read;
    tenure.end();
    void reader.stop();
    const kept = new Set(tenure.open);
    this.#handoff.forget((delivery) => delivery.tenure === tenure && kept.delete(delivery));
    const error = partitionLost(this.#hub, partition);
    for (const delivery of kept) this.#options.onLost(delivery, error);
  }

  /** The stored checkpoint is of no use: without it, one that is earlier can be stored. */
  async #startOver(partition: string, problem: WaybillError): Promise<void> {
    const { store, place, deadline } = this.#parts;
    if (!(await this.#stillOwns(partition))) return;
    await askStore(deadline, problem.message, () => store.forget(place, partition));
    this.#tell(problem);
  }

  async #save(checkpoint: Checkpoint): Promise<void> {
    const { store, place, deadline } = this.#parts;
    await askStore(deadline, `cannot store a checkpoint of "${this.#hub}"`, () =>
      store.save(place, checkpoint),
    );
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

/** Looks at who owns what between two questions which partitions there are. */
const looksPerQuestion = 6;

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

/** Why nothing can be done with a partition any more. */
const partitionLost = (hub: string, partition: string): WaybillError =>
  new WaybillError(
    "lockLost",
    `partition ${partition} of "${hub}" belongs to another reader of the group now`,
  );

/** @throws {WaybillError} `settleFailed` for a delivery that no receiver of this kind made. */
function ownEvent(delivery: Delivery): EventDelivery {
  if (delivery instanceof EventDelivery) return delivery;
  throw new WaybillError("settleFailed", "this is no delivery of the receiver", { class: "permanent" });
}
