import { QueueServiceClient, type QueueClient } from "@azure/storage-queue";
import { clientOptions, storageQueue } from "waybill/storage-queue";
import type { Mortal } from "../mortal.js";
import type { TransportOfChild } from "../transport-of-child.js";

export const storageQueueOfChild: TransportOfChild = ({ connectionString, mortal }) =>
  storageQueue({ client: () => watched(connectionString, mortal), minPoll: "10ms", maxPoll: "50ms" });

/** A client that says when a poison queue has taken a copy: no port of the runtime lies between it and the removal. */
function watched(connectionString: string, mortal: Mortal): QueueServiceClient {
  const client = QueueServiceClient.fromConnectionString(connectionString, clientOptions);
  const queueOf = client.getQueueClient.bind(client);
  client.getQueueClient = (name) =>
    name.endsWith("-poison") ? poison(queueOf(name), mortal) : queueOf(name);
  return client;
}

function poison(queue: QueueClient, mortal: Mortal): QueueClient {
  const send = queue.sendMessage.bind(queue);
  queue.sendMessage = async (text, options) => {
    const answer = await send(text, options);
    mortal.crossed({ step: "copy", when: "after", subject: queue.name, id: answer.messageId });
    return answer;
  };
  return queue;
}
