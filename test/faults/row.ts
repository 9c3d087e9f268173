/** A service that a row breaks the wire to. */
export type Service = "service-bus" | "service-bus sessions" | "event-hubs" | "storage-queue" | "event-grid";

/** What came of a row. */
export interface Outcome {
  /** How often the fault struck. */
  readonly struck: number;
  /** Messages that their sender was told to be stored. */
  readonly accepted: number;
  readonly effects: number;
  /** Accepted, neither done nor dead-lettered. */
  readonly lost: readonly string[];
  /** What does not hold, in sentences. */
  readonly problems: readonly string[];
}

/** One fault of the catalogue on one service. */
export interface Row {
  /** Its number in the catalogue of faults. */
  readonly f: number;
  readonly on: Service;
  /** What is injected where. */
  readonly injected: string;
  /** The invariants that are checked, such as `I1`. */
  readonly holds: readonly string[];
  /** Runs when no other row does: it is about what an SDK does in real seconds. */
  readonly alone?: boolean;
  run(seed: number): Promise<Outcome>;
}
