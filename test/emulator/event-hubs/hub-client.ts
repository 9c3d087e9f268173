import {
  EventHubConsumerClient,
  EventHubProducerClient,
  type EventPosition,
  type ReceivedEventData,
  type SubscribeOptions,
} from "@azure/event-hubs";
import { quick, type Fixture } from "../fixture.js";

/** Microsoft's clients on one hub; `close` closes all of them. */
export class HubClient {
  readonly #fixture: Fixture;
  readonly #hub: string;
  readonly #clients: { close(): Promise<void> }[] = [];

  constructor(fixture: Fixture, hub: string) {
    this.#fixture = fixture;
    this.#hub = hub;
  }

  producer(): EventHubProducerClient {
    return this.#keep(new EventHubProducerClient(this.#fixture.connectionString(), this.#hub, quick));
  }

  consumer(group = "$Default"): EventHubConsumerClient {
    return this.#keep(new EventHubConsumerClient(group, this.#fixture.connectionString(), this.#hub, quick));
  }

  /** Reads a partition until `count` events have come. */
  async read(count: number, from: EventPosition, options: ReadOptions = {}): Promise<ReceivedEventData[]> {
    const { partitionId = "0", group, ...rest } = options;
    const consumer = this.consumer(group);
    const found: ReceivedEventData[] = [];
    const enough = deferred<void>();
    const subscription = consumer.subscribe(
      partitionId,
      {
        processEvents: (events) => {
          found.push(...events);
          if (found.length >= count) enough.resolve();
          return Promise.resolve();
        },
        processError: (error) => {
          enough.reject(error);
          return Promise.resolve();
        },
      },
      { startPosition: from, maxWaitTimeInSeconds: 0.1, ...rest },
    );
    try {
      await enough.promise;
    } finally {
      await subscription.close();
    }
    return found;
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
  }

  #keep<T extends { close(): Promise<void> }>(client: T): T {
    this.#clients.push(client);
    return client;
  }
}

export interface ReadOptions extends Omit<SubscribeOptions, "startPosition"> {
  readonly partitionId?: string;
  readonly group?: string;
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** A promise that a callback ends. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
