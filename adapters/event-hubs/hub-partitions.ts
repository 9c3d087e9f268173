import type { EventHubConsumerClient } from "@azure/event-hubs";
import { within, type Deadline } from "../../src/transport/index.js";

/** Which partitions a hub has. They can be added while it is read, so it is asked again now and then. */
export class HubPartitions {
  readonly #client: EventHubConsumerClient;
  readonly #hub: string;
  readonly #deadline: Deadline;
  #known: readonly string[] | undefined;
  #looks = 0;

  constructor(client: EventHubConsumerClient, hub: string, deadline: Deadline) {
    this.#client = client;
    this.#hub = hub;
    this.#deadline = deadline;
  }

  async ids(): Promise<readonly string[]> {
    this.#looks += 1;
    if (this.#known === undefined || this.#looks % looksPerQuestion === 0) {
      this.#known = await within(this.#deadline, `cannot read "${this.#hub}"`, () =>
        this.#client.getPartitionIds(),
      );
    }
    return this.#known;
  }
}

/** Looks at who owns what between two questions which partitions there are. */
const looksPerQuestion = 6;
