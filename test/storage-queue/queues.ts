import { QueueServiceClient, type QueueClient } from "@azure/storage-queue";
import { afterAll, beforeAll } from "vitest";
import { clientOptions, storageQueue } from "../../adapters/storage-queue/index.js";
import { startAzurite, type Azurite } from "../azurite.js";

/** Queues of one Azurite for the tests of a file. */
export interface Queues {
  client(): QueueServiceClient;
  /** A new queue of that name. */
  create(name: string): Promise<QueueClient>;
  transport(options?: Partial<Parameters<typeof storageQueue>[0]>): ReturnType<typeof storageQueue>;
}

/** Starts Azurite before the tests of a file, and ends it after them. */
export function azuriteQueues(): Queues {
  let azurite: Azurite;
  beforeAll(async () => {
    azurite = await startAzurite("queue");
  });
  afterAll(() => azurite.close());
  const client = (): QueueServiceClient =>
    QueueServiceClient.fromConnectionString(azurite.connectionString, clientOptions);
  return {
    client,
    create: async (name) => {
      const queue = client().getQueueClient(name);
      await queue.create();
      return queue;
    },
    transport: (options = {}) => storageQueue({ client, minPoll: "10ms", maxPoll: "50ms", ...options }),
  };
}

/** The code of the service's refusal. */
export async function refusal(operation: Promise<unknown>): Promise<string | undefined> {
  try {
    await operation;
    return undefined;
  } catch (error) {
    return (error as { readonly code?: string }).code;
  }
}

/** Asks until the answer is there. */
export async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
}
