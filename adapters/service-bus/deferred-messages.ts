import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from "@azure/service-bus";
import { within, type Deadline } from "../../src/transport/index.js";
import { createReceiver, textOf, type EntityPath } from "./entity-path.js";
import { toLong } from "./long.js";
import { mapError } from "./map-error.js";

/** A deferred message, locked; nothing if it is gone or locked. */
export async function deferredMessages(
  deadline: Deadline,
  receiver: Pick<ServiceBusReceiver, "receiveDeferredMessages">,
  sequenceNumber: string,
): Promise<readonly ServiceBusReceivedMessage[]> {
  try {
    return await within(deadline, "cannot receive a deferred message", () =>
      receiver.receiveDeferredMessages(toLong(sequenceNumber)),
    );
  } catch (error) {
    const mapped = mapError(error, "cannot receive a deferred message");
    if (mapped.code === "notFound") return [];
    throw mapped;
  }
}

/** The session of a deferred message, which only a look at the queue can tell. */
export async function sessionIdOf(
  deadline: Deadline,
  client: ServiceBusClient,
  path: EntityPath,
  sequenceNumber: string,
): Promise<string | undefined> {
  const browser = createReceiver(client, path);
  const doing = `cannot look for a deferred message of "${textOf(path)}"`;
  try {
    const [seen] = await within(deadline, doing, () =>
      browser.peekMessages(1, { fromSequenceNumber: toLong(sequenceNumber) }),
    );
    return seen?.sequenceNumber?.toString() === sequenceNumber ? seen.sessionId : undefined;
  } catch (error) {
    throw mapError(error, doing);
  } finally {
    void browser.close().catch(() => undefined);
  }
}
