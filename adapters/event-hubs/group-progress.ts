import type { Checkpoint, CheckpointStore, GroupPlace } from "../../src/store/index.js";
import { WaybillError, type Deadline } from "../../src/transport/index.js";
import { askStore } from "./ask-store.js";
import type { Membership } from "./membership.js";
import type { Tenure } from "./tenure.js";

/** What progress stands on. */
export interface GroupProgressParts {
  readonly store: CheckpointStore;
  readonly place: GroupPlace;
  readonly deadline: Deadline;
  readonly membership: Membership;
  /** Another reader has the partition. */
  readonly taken: (partition: string) => void;
}

/**
 * How far a consumer group is, in the store.
 *
 * The owner of a partition alone writes: who was paused may find that another one has begun elsewhere. Between the look and
 * the write nothing is certain, because no write of a store is conditional on an ownership.
 */
export class GroupProgress {
  readonly #parts: GroupProgressParts;

  constructor(parts: GroupProgressParts) {
    this.#parts = parts;
  }

  async load(): Promise<readonly Checkpoint[]> {
    const { store, place, deadline } = this.#parts;
    return askStore(deadline, `cannot load the checkpoints of "${place.stream}"`, () => store.load(place));
  }

  /** Stores a checkpoint of a tenure. @throws {WaybillError} `lockLost`, `storeFailed` */
  async checkpoint(tenure: Tenure, at: Omit<Checkpoint, "partition">): Promise<void> {
    const { partition } = tenure;
    const isOwned = !tenure.ended && (await this.#stillOwns(partition));
    // Meanwhile it may have been lost, and gained again.
    if (!isOwned || tenure.ended) throw partitionLost(this.#parts.place.stream, partition);
    await this.#save({ partition, ...at });
  }

  /** Stores where a group begins, unless somebody else has the partition. */
  async begin(checkpoint: Checkpoint): Promise<void> {
    if (await this.#stillOwns(checkpoint.partition)) await this.#save(checkpoint);
  }

  /** The stored checkpoint is of no use: without it, one that is earlier can be stored. Answers whether it was dropped. */
  async startOver(partition: string, problem: WaybillError): Promise<boolean> {
    const { store, place, deadline } = this.#parts;
    if (!(await this.#stillOwns(partition))) return false;
    await askStore(deadline, problem.message, () => store.forget(place, partition));
    return true;
  }

  async #stillOwns(partition: string): Promise<boolean> {
    const { membership, taken } = this.#parts;
    if (await membership.stillOwns(partition)) return true;
    if (membership.owns(partition)) taken(partition);
    return false;
  }

  async #save(checkpoint: Checkpoint): Promise<void> {
    const { store, place, deadline } = this.#parts;
    await askStore(deadline, `cannot store a checkpoint of "${place.stream}"`, () =>
      store.save(place, checkpoint),
    );
  }
}

/** Why nothing can be done with a partition any more. */
export const partitionLost = (hub: string, partition: string): WaybillError =>
  new WaybillError(
    "lockLost",
    `partition ${partition} of "${hub}" belongs to another reader of the group now`,
  );
