import { EventHubConsumerClient, type CheckpointStore, type Subscription } from "@azure/event-hubs";
import { quick, type Fixture } from "../fixture.js";
import { deferred } from "./hub-client.js";

/** A consumer that shares the partitions of a hub with its like, and checkpoints every event. */
export class Processor {
  /** Partitions that it reads now. */
  readonly owned = new Set<string>();
  readonly bodies: string[] = [];
  readonly errors: Error[] = [];
  readonly #client: EventHubConsumerClient;
  readonly #subscription: Subscription;
  #changed = deferred<undefined>();

  constructor(fixture: Fixture, hub: string, store: CheckpointStore) {
    this.#client = new EventHubConsumerClient("$Default", fixture.connectionString(), hub, store, {
      ...quick,
      loadBalancingOptions: {
        strategy: "greedy",
        updateIntervalInMs: 100,
        // Nobody dies here: partitions are to change hands by stealing and by closing alone.
        partitionOwnershipExpirationIntervalInMs: 60_000,
      },
    });
    this.#subscription = this.#client.subscribe(
      {
        processInitialize: ({ partitionId }) => this.#note(() => this.owned.add(partitionId)),
        processClose: (_, { partitionId }) => this.#note(() => this.owned.delete(partitionId)),
        processError: (error) => this.#note(() => this.errors.push(error)),
        processEvents: async (events, context) => {
          const last = events.at(-1);
          if (last === undefined) return;
          await context.updateCheckpoint(last);
          await this.#note(() => this.bodies.push(...events.map(({ body }) => String(body))));
        },
      },
      { startPosition: { offset: "-1" }, maxWaitTimeInSeconds: 0.1 },
    );
  }

  /** Waits for the events that make it so. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#changed.promise;
  }

  async close(): Promise<void> {
    await this.#subscription.close();
    await this.#client.close();
  }

  #note(change: () => void): Promise<void> {
    change();
    this.#changed.resolve(undefined);
    this.#changed = deferred();
    return Promise.resolve();
  }
}
