import type { Runtime } from "../../src/transport/index.js";

/** What a party cannot see through the interface of transports. */
export interface Surroundings {
  readonly runtime: Runtime;
  /** Resolves when nothing more will come to a receive that waits and has got so many deliveries, or when it is answered. */
  exhausted(got: number, answered: () => boolean): Promise<void>;
  /** Resolves when all that the last command began is over. */
  atRest(): Promise<void>;
  /** Everything that is in the queue or subscription and in its dead-letter queue, as lines. */
  look(): readonly string[];
}
