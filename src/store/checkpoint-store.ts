/** One consumer group of one stream. */
export interface GroupPlace {
  /** The service's full host name: streams of two namespaces may have one name. */
  readonly namespace: string;
  readonly stream: string;
  readonly group: string;
}

/** Up to where a consumer group has read one partition. */
export interface Checkpoint {
  readonly partition: string;
  /** Opaque, as the service gave it. */
  readonly offset: string;
  /** Decimal; grows with each event of the partition. */
  readonly sequenceNumber: string;
}

/** Who reads one partition for a consumer group. */
export interface Ownership {
  readonly partition: string;
  /** Empty: nobody, it was given up. */
  readonly owner: string;
  /** Changes with each claim, also when the owner stays the same. */
  readonly etag: string;
}

/** A claim, or with an empty `owner` the end of one. */
export interface OwnershipClaim {
  readonly partition: string;
  readonly owner: string;
  /** Of the ownership that it follows; `undefined` claims a partition that nobody has ever had. */
  readonly etag: string | undefined;
}

/** Keeps the checkpoints of consumer groups, and who of a group reads which partition. */
export interface CheckpointStore {
  readonly name: string;
  load(place: GroupPlace): readonly Checkpoint[] | Promise<readonly Checkpoint[]>;
  /** Stores progress. A checkpoint before the stored one, by its sequence number, changes nothing. */
  save(place: GroupPlace, checkpoint: Checkpoint): void | Promise<void>;
  /** Removes the checkpoint of a partition, so that an earlier one can be stored. */
  forget(place: GroupPlace, partition: string): void | Promise<void>;
  owners(place: GroupPlace): readonly Ownership[] | Promise<readonly Ownership[]>;
  /** One atomic step: the new ownership, or `undefined` if the stored one no longer has that `etag`. */
  claim(place: GroupPlace, claim: OwnershipClaim): Ownership | undefined | Promise<Ownership | undefined>;
}
