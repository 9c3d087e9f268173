/** Up to where a consumer group has read one partition. */
export interface Checkpoint {
  readonly stream: string;
  readonly group: string;
  readonly partition: string;
  /** Opaque, as the service gave it. */
  readonly offset: string;
  readonly sequenceNumber: string;
}

/** Keeps the checkpoints of consumer groups. */
export interface CheckpointStore {
  readonly name: string;
  load(stream: string, group: string): readonly Checkpoint[] | Promise<readonly Checkpoint[]>;
  save(checkpoint: Checkpoint): void | Promise<void>;
}
