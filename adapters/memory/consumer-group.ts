import { WaybillError, type StartPosition } from "../../src/transport/index.js";
import type { StreamReader } from "./broker/stream/attach-reader.js";
import type { EventPosition } from "./broker/stream/event-position.js";
import type { StreamEvent } from "./broker/stream/stream-event.js";
import { Letterbox } from "./letterbox.js";
import type { World } from "./world.js";

/** Somebody who reads for a consumer group. */
export interface GroupMember {
  readonly startFrom: StartPosition;
  gained(tenure: Tenure): void;
  /** It belongs to somebody else now: its deliveries in flight are lost. */
  lost(tenure: Tenure): void;
}

/** The time for which one member reads one partition. */
export interface Tenure {
  readonly partition: string;
  readonly member: GroupMember;
  readonly reader: StreamReader;
  ended: boolean;
}

/**
 * Shares the partitions of a stream between the members of one consumer group: each partition is read by one of them,
 * and none reads two more than another.
 *
 * As with Event Hubs, a partition that changes hands begins anew at its checkpoint, and what the old owner has in flight
 * may be handled twice.
 */
export class ConsumerGroup {
  readonly parked = new Letterbox();
  readonly #world: World;
  readonly #hub: string;
  readonly #name: string;
  readonly #partitions: readonly string[];
  readonly #members: GroupMember[] = [];
  readonly #tenures = new Map<string, Tenure>();
  /** Where the group began: a partition without a checkpoint starts there again, so that 'latest' loses nothing. */
  readonly #starts = new Map<string, EventPosition>();

  constructor(world: World, hub: string, name: string) {
    this.#world = world;
    this.#hub = hub;
    this.#name = name;
    this.#partitions = world.streams.hubProperties(hub).partitionIds;
  }

  get hub(): string {
    return this.#hub;
  }

  get name(): string {
    return this.#name;
  }

  /** Events that no checkpoint covers. */
  get behind(): number {
    return this.#partitions.reduce((sum, partition) => {
      const { beginningSequenceNumber, lastEnqueuedSequenceNumber } = this.#world.streams.partitionProperties(
        this.#hub,
        partition,
      );
      const done = this.#checkpointOf(partition)?.sequenceNumber ?? -1;
      return sum + lastEnqueuedSequenceNumber - Math.max(done, beginningSequenceNumber - 1);
    }, 0);
  }

  join(member: GroupMember): void {
    this.#members.push(member);
    this.#share();
  }

  leave(member: GroupMember): void {
    const at = this.#members.indexOf(member);
    if (at < 0) return;
    this.#members.splice(at, 1);
    for (const tenure of this.#tenuresOf(member)) this.#end(tenure);
    this.#share();
  }

  /**
   * Stores how far the partition is done; an earlier place than the stored one changes nothing.
   * @throws {WaybillError} `lockLost` if the partition belongs to somebody else now.
   */
  checkpoint(tenure: Tenure, { sequenceNumber, offset }: StreamEvent): void {
    if (tenure.ended) throw partitionLost(this.#hub, tenure.partition);
    const { partition: partitionId } = tenure;
    const stored = this.#checkpointOf(partitionId)?.sequenceNumber ?? -1;
    if (sequenceNumber <= stored) return;
    this.#world.checkpoints.save({
      hub: this.#hub,
      group: this.#name,
      partitionId,
      offset,
      sequenceNumber,
    });
  }

  /** Gives free partitions away, then evens out, moving as few as possible. */
  #share(): void {
    if (this.#members.length === 0) return;
    for (const partition of this.#partitions) {
      if (!this.#tenures.has(partition)) this.#begin(partition, this.#byLoad()[0]);
    }
    for (;;) {
      const [least] = this.#byLoad();
      const most = this.#byLoad().at(-1);
      if (least === undefined || most === undefined || this.#load(most) - this.#load(least) < 2) return;
      const moved = this.#tenuresOf(most).at(-1);
      if (moved === undefined) return;
      this.#end(moved);
      most.lost(moved);
      this.#begin(moved.partition, least);
    }
  }

  /** Members with few partitions first; of equals, who came first. */
  #byLoad(): readonly GroupMember[] {
    return [...this.#members].sort((left, right) => this.#load(left) - this.#load(right));
  }

  #load(member: GroupMember): number {
    return this.#tenuresOf(member).length;
  }

  #tenuresOf(member: GroupMember): readonly Tenure[] {
    return [...this.#tenures.values()].filter((tenure) => tenure.member === member);
  }

  #begin(partition: string, member: GroupMember | undefined): void {
    if (member === undefined) return;
    const reader = this.#world.streams.openReader({
      hub: this.#hub,
      group: this.#name,
      partitionId: partition,
      start: this.#startOf(partition, member.startFrom),
      ownerLevel: 0,
    });
    const tenure: Tenure = { partition, member, reader, ended: false };
    this.#tenures.set(partition, tenure);
    member.gained(tenure);
  }

  #end(tenure: Tenure): void {
    tenure.ended = true;
    tenure.reader.close();
    this.#tenures.delete(tenure.partition);
  }

  #startOf(partition: string, startFrom: StartPosition): EventPosition {
    const stored = this.#checkpointOf(partition);
    if (stored !== undefined) return { sequenceNumber: stored.sequenceNumber };
    const known = this.#starts.get(partition);
    if (known !== undefined) return known;
    const { lastEnqueuedSequenceNumber } = this.#world.streams.partitionProperties(this.#hub, partition);
    const start = positionOf(startFrom, lastEnqueuedSequenceNumber);
    this.#starts.set(partition, start);
    return start;
  }

  #checkpointOf(partition: string) {
    return this.#world.checkpoints.load(this.#hub, this.#name, partition);
  }
}

/** Why nothing can be done with a partition any more. */
export const partitionLost = (hub: string, partition: string): WaybillError =>
  new WaybillError(
    "lockLost",
    `partition ${partition} of "${hub}" belongs to another reader of the group now`,
  );

function positionOf(startFrom: StartPosition, lastSequenceNumber: number): EventPosition {
  if (startFrom === "earliest") return { offset: "-1" };
  // Not the moving end: what is sent before the first read must not be passed by.
  if (startFrom === "latest") return { sequenceNumber: lastSequenceNumber };
  return { enqueuedAfterMs: startFrom.afterMs };
}
