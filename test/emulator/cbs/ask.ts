import type { Connection, Message, Receiver, Sender } from "rhea";
import { event } from "../engine/rhea-client.js";

/** A pair of links to a node, by hand. */
export interface Asking {
  readonly sender: Sender;
  readonly receiver: Receiver;
  /** Sends a request and waits for what comes back next. */
  ask(operation: string | undefined, more?: Partial<Message>): Promise<Message>;
}

/** @param replyTo How requests name the link for answers: as Microsoft's clients do, by its name. */
export async function askAt(connection: Connection, address: string, replyTo = "answers"): Promise<Asking> {
  const receiver = connection.open_receiver({ name: replyTo, source: address });
  await event(receiver, "receiver_open");
  const sender = connection.open_sender({ target: address });
  await event(sender, "sendable");
  return { sender, receiver, ask: asker(sender, receiver, replyTo) };
}

export function asker(sender: Sender, receiver: Receiver, replyTo: string): Asking["ask"] {
  return async (operation, more = {}) => {
    const answer = event(receiver, "message");
    sender.send({
      message_id: "m1",
      reply_to: replyTo,
      body: null,
      ...more,
      application_properties: {
        ...(operation === undefined ? {} : { operation }),
        ...more.application_properties,
      },
    });
    const { message } = await answer;
    if (message === undefined) throw new Error("a message event has a message");
    return message;
  };
}

/** The put-token request of Microsoft's clients. */
export function putToken(
  name: string,
  token: string,
  type = "servicebus.windows.net:sastoken",
): Partial<Message> {
  return { body: token, application_properties: { name, type } };
}
