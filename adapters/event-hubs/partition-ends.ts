import type { EventHubConsumerClient } from "@azure/event-hubs";
import { within, type Deadline } from "../../src/transport/index.js";
import type { PartitionEnds } from "./start-position.js";

/** Whom to ask. */
export interface EndsParts {
  readonly client: EventHubConsumerClient;
  /** Makes another client, with a connection of its own. */
  readonly another: () => EventHubConsumerClient;
  readonly partition: string;
  /** Names it, for what is told. */
  readonly where: string;
  readonly deadline: Deadline;
  readonly closing: Deadline;
}

/**
 * Where a partition begins and ends, as the service says: over the client that reads it, or if that cannot tell over another
 * one. An event that the SDK cannot decode breaks the connection each time that it comes, and with it what was asked.
 */
export async function endsOf(parts: EndsParts): Promise<PartitionEnds> {
  const { client, another, closing } = parts;
  try {
    return await ask(client, parts);
  } catch {
    const other = another();
    try {
      return await ask(other, parts);
    } finally {
      await within(closing, "cannot close a client", () => other.close()).catch(() => undefined);
    }
  }
}

const ask = (
  client: EventHubConsumerClient,
  { partition, where, deadline }: EndsParts,
): Promise<PartitionEnds> =>
  within(deadline, `cannot look at ${where}`, () => client.getPartitionProperties(partition));
