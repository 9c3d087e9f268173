import {
  EventHubConsumerClient,
  EventHubProducerClient,
  type EventPosition,
  type LastEnqueuedEventProperties,
  type PartitionContext,
  type ReceivedEventData,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionEventHandlers,
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

  /** Begins to read a partition; resolves when the reader is about to attach. */
  async subscribe(from: EventPosition, options: ReadOptions = {}): Promise<Subscribed> {
    const { partitionId = "0", group, ...rest } = options;
    return Subscribed.start(this.consumer(group), partitionId, { startPosition: from, ...rest });
  }

  /** Reads a partition until `count` events have come. @throws what the client's `processError` gets */
  async read(count: number, from: EventPosition, options: ReadOptions = {}): Promise<ReceivedEventData[]> {
    const reading = await this.subscribe(from, options);
    try {
      return await reading.events(count);
    } finally {
      await reading.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
  }

  #keep<T extends { close(): Promise<void> }>(client: T): T {
    this.#clients.push(client);
    return client;
  }
}

/** A subscription to one partition. */
export class Subscribed {
  readonly #found: ReceivedEventData[] = [];
  readonly #error = deferred<Error>();
  readonly #ready = deferred<undefined>();
  #arrived = deferred<undefined>();
  #context: PartitionContext | undefined;
  #subscription: Subscription | undefined;

  static async start(
    consumer: EventHubConsumerClient,
    partitionId: string,
    options: SubscribeOptions,
  ): Promise<Subscribed> {
    const subscribed = new Subscribed();
    subscribed.#subscription = consumer.subscribe(partitionId, subscribed.#handlers(), {
      maxWaitTimeInSeconds: 0.05,
      ...options,
    });
    // An empty batch after the wait, an event or an error: the reader has tried to attach.
    await Promise.race([subscribed.#ready.promise, subscribed.error]);
    return subscribed;
  }

  /** What `processError` gets first. */
  get error(): Promise<Error> {
    return this.#error.promise;
  }

  /** All events so far, once there are as many. @throws what `processError` gets before */
  async events(count: number): Promise<ReceivedEventData[]> {
    while (this.#found.length < count) {
      const failed = await Promise.race([this.#arrived.promise, this.error]);
      if (failed !== undefined) throw failed;
    }
    return [...this.#found];
  }

  async bodies(count: number): Promise<unknown[]> {
    return (await this.events(count)).map(({ body }) => body as unknown);
  }

  lastEnqueued(): LastEnqueuedEventProperties | undefined {
    return this.#context?.lastEnqueuedEventProperties;
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  #handlers(): SubscriptionEventHandlers {
    return {
      processEvents: (events, context) => {
        this.#context = context;
        this.#found.push(...events);
        this.#ready.resolve(undefined);
        this.#arrived.resolve(undefined);
        this.#arrived = deferred();
        return Promise.resolve();
      },
      processError: (error) => {
        this.#error.resolve(error);
        return Promise.resolve();
      },
    };
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
