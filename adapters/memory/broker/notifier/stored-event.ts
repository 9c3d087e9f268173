/** An accepted event: its text is kept once and shared by every subscription, so nobody can change another's copy. */
export interface StoredEvent {
  readonly id: string;
  /** The event as JSON, in the schema of its topic. */
  readonly json: string;
  /** UTF-8 bytes of {@link json}. */
  readonly sizeBytes: number;
  readonly publishedMs: number;
  /** `dataVersion` of an event in the Event Grid schema. */
  readonly dataVersion: string | undefined;
}
