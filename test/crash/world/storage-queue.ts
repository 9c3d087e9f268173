import { QueueServiceClient, type QueueClient } from "@azure/storage-queue";
import { memoryCheckpoints, memoryPark } from "waybill/memory";
import { clientOptions, storageQueue } from "waybill/storage-queue";
import { channelNames } from "../contracts.js";
import { startTimedAzurite } from "./timed-azurite.js";
import type { World } from "./world.js";

/** Queues of an Azurite whose clock can be moved. */
export async function storageQueueWorld(): Promise<World> {
  const azurite = await startTimedAzurite();
  const { connectionString } = azurite;
  // Of the harness itself, which is no application: the client's own retries are on.
  const client = QueueServiceClient.fromConnectionString(connectionString);
  for (const name of channelNames) {
    await client.getQueueClient(name).create();
    await client.getQueueClient(`${name}-poison`).create();
  }
  return {
    connectionString,
    transport: storageQueue({
      client: () => QueueServiceClient.fromConnectionString(connectionString, clientOptions),
      minPoll: "10ms",
      maxPoll: "50ms",
    }),
    checkpoints: memoryCheckpoints(),
    park: memoryPark(),
    pass: (ms) => azurite.advance(ms),
    advance: (ms) => azurite.advance(ms),
    quiet: async (channel) => {
      const { approximateMessagesCount } = await client.getQueueClient(channel).getProperties();
      return approximateMessagesCount === 0;
    },
    deadLetters: () => idsIn(client.getQueueClient("orders-poison")),
    close: () => azurite.close(),
  };
}

/** Takes everything: a look shows 32 messages at most. */
async function idsIn(queue: QueueClient): Promise<readonly string[]> {
  const ids: string[] = [];
  for (;;) {
    const { receivedMessageItems } = await queue.receiveMessages({
      numberOfMessages: 32,
      visibilityTimeout: 86_400,
    });
    if (receivedMessageItems.length === 0) return ids;
    for (const { messageText } of receivedMessageItems) {
      ids.push((JSON.parse(Buffer.from(messageText, "base64").toString()) as { readonly id: string }).id);
    }
  }
}
