import type { EventHubConsumerClient } from "@azure/event-hubs";
import type { Checkpoint, CheckpointStore, GroupPlace } from "../../src/store/index.js";
import type { WaybillError } from "../../src/transport/index.js";
import { within, type Deadline, type ReceiverOptions } from "../../src/transport/index.js";
import type { Arrivals } from "./arrivals.js";
import { EventDelivery } from "./event-delivery.js";
import { GroupProgress, partitionLost } from "./group-progress.js";
import { HubPartitions } from "./hub-partitions.js";
import { mapError } from "./map-error.js";
import { Membership, type Balancing } from "./membership.js";
import { OwnedPartition } from "./owned-partition.js";
import type { PartitionHost, Reading } from "./partition-host.js";
import type { PartitionReader } from "./partition-reader.js";
import { startOf } from "./start-position.js";

/** What the partitions of a member stand on. */
export interface OwnedPartitionsParts {
  readonly client: EventHubConsumerClient;
  /** Makes another client, with a connection of its own. */
  readonly another: () => EventHubConsumerClient;
  readonly place: GroupPlace;
  readonly store: CheckpointStore;
  readonly balancing: Balancing;
  readonly prefetch: number;
  readonly silenceMs: number;
  readonly deadline: Deadline;
  /** For everything that a close waits for. */
  readonly closing: Deadline;
}

/** The partitions that a member of a consumer group owns and reads. */
export class OwnedPartitions {
  readonly progress: GroupProgress;
  readonly #parts: OwnedPartitionsParts;
  readonly #options: Pick<ReceiverOptions, "perLane" | "startFrom" | "onLost">;
  readonly #arrivals: Arrivals;
  readonly #membership: Membership;
  readonly #read = new Map<string, OwnedPartition>();
  /** Those that failed and wait to be started again. */
  readonly #stalled = new Set<PartitionReader>();
  #closed = false;

  constructor(
    parts: OwnedPartitionsParts,
    options: Pick<ReceiverOptions, "perLane" | "startFrom" | "onLost">,
    arrivals: Arrivals,
  ) {
    this.#parts = parts;
    this.#options = options;
    this.#arrivals = arrivals;
    const partitions = new HubPartitions(parts.client, this.#hub, parts.deadline);
    this.#membership = new Membership({
      ...parts,
      partitions: () => partitions.ids(),
      gained: (partitions) => this.#gained(partitions),
      lost: (partition) => {
        this.#lose(partition);
      },
      failed: (error) => {
        arrivals.tell(this.#mapped(error));
      },
    });
    this.progress = new GroupProgress({
      ...parts,
      membership: this.#membership,
      taken: (partition) => {
        this.#taken(partition);
      },
    });
  }

  all(): readonly OwnedPartition[] {
    return [...this.#read.values()];
  }

  /** Looks who owns what, and takes what is to be had. @throws {WaybillError} why it failed */
  async look(): Promise<void> {
    try {
      await this.#membership.look();
    } catch (error) {
      throw this.#mapped(error);
    }
  }

  /** Reads again those that failed. */
  goOn(): void {
    for (const reader of this.#stalled) reader.start();
    this.#stalled.clear();
  }

  /** Gives up everything. Bounded by the deadline. */
  async close(): Promise<void> {
    this.#closed = true;
    const read = this.all();
    for (const { tenure } of read) tenure.end();
    await Promise.all([this.#membership.close(), ...read.map(({ reader }) => reader.stop())]);
    this.#read.clear();
  }

  get #hub(): string {
    return this.#parts.place.stream;
  }

  async #gained(partitions: readonly string[]): Promise<void> {
    const fresh = partitions.filter((partition) => !this.#read.has(partition));
    this.goOn();
    for (const owned of this.#read.values()) {
      void owned.watch().catch((error: unknown) => {
        this.#arrivals.tell(this.#mapped(error));
      });
    }
    if (fresh.length === 0) return;
    const stored = await this.progress.load();
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
    if (start.store !== undefined) await this.progress.begin(start.store);
    if (this.#closed || !this.#membership.owns(partition) || this.#read.has(partition)) return;
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
        this.#arrivals.push(deliveries);
      },
      startOver: (problem) => this.#startOver(partition, problem),
      tell: (problem) => {
        this.#arrivals.tell(problem);
      },
      failed: (owned, error) => {
        this.#failed(owned, error);
      },
    };
  }

  #failed({ tenure, reader }: Reading, error: unknown): void {
    if (tenure.ended) return;
    const mapped = mapError(error, `cannot read partition ${tenure.partition} of "${this.#hub}"`);
    tenure.seen.failure = mapped.message;
    if (mapped.code === "lockLost") {
      this.#taken(tenure.partition);
      return;
    }
    // Several partitions of one connection fail together: that is told once.
    if (this.#stalled.size === 0) this.#arrivals.tell(mapped);
    this.#stalled.add(reader);
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
    const error = partitionLost(this.#hub, partition);
    for (const delivery of this.#arrivals.lose(tenure)) this.#options.onLost(delivery, error);
  }

  async #startOver(partition: string, problem: WaybillError): Promise<void> {
    if (await this.progress.startOver(partition, problem)) this.#arrivals.tell(problem);
  }

  #mapped(error: unknown): WaybillError {
    return mapError(error, `cannot read "${this.#hub}" for group "${this.#parts.place.group}"`);
  }
}
