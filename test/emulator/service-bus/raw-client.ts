import { randomUUID } from "node:crypto";
import rhea from "rhea";
import type { AmqpError, Connection, EventContext, Message, Receiver, ReceiverOptions } from "rhea";
import { onTestFinished } from "vitest";

/** What Microsoft's SDK does not show, or does not do: rhea, without the SDK around it. */
export interface RawClient {
  readonly connection: Connection;
  /** Asks a `$management` node. */
  manage(entity: string, operation: string, body: object): Promise<Message>;
  /** Resolves with the link, or rejects with the error that it was refused with. */
  receive(options: ReceiverOptions): Promise<Receiver>;
}

/** Options of a link that wants a session; null for the next one. */
export const sessionOf = (entity: string, id: string | null): ReceiverOptions => ({
  source: { address: entity, filter: { "com.microsoft:session-filter": id } },
});

export async function connectRaw(port: number): Promise<RawClient> {
  const container = rhea.create_container();
  const connection = container.connect({ host: "127.0.0.1", port, reconnect: false });
  container.on("error", () => undefined);
  await once(connection, "connection_open");
  onTestFinished(async () => {
    if (!connection.is_open()) return;
    connection.close();
    await once(connection, "connection_close");
  });
  return {
    connection,
    manage: (entity, operation, body) => manage(connection, entity, operation, body),
    receive: (options) => receive(connection, options),
  };
}

/** The next event of that name. */
export function once(emitter: Connection | Receiver, event: string): Promise<EventContext> {
  return new Promise((resolve) => {
    emitter.once(event, resolve);
  });
}

function receive(connection: Connection, options: ReceiverOptions): Promise<Receiver> {
  const receiver = connection.open_receiver({ credit_window: 0, autoaccept: false, ...options });
  return new Promise((resolve, reject) => {
    receiver.once("receiver_open", () => {
      // A refusal is an attach without a source, and a detach behind it.
      if (receiver.source?.address !== undefined) resolve(receiver);
    });
    receiver.once("receiver_error", () => {
      reject(failureOf(receiver.error));
    });
    receiver.on("receiver_close", () => undefined);
  });
}

function failureOf(error: AmqpError | Error | undefined): Error {
  const { condition, description } = (error ?? {}) as AmqpError;
  return Object.assign(new Error(description), { condition });
}

async function manage(
  connection: Connection,
  entity: string,
  operation: string,
  body: object,
): Promise<Message> {
  const replyTo = randomUUID();
  const address = `${entity}/$management`;
  const responses = connection.open_receiver({ source: address, target: replyTo, name: replyTo });
  const requests = connection.open_sender(address);
  const answered = once(responses, "message");
  requests.once("sendable", () => {
    requests.send({
      message_id: randomUUID(),
      reply_to: replyTo,
      application_properties: { operation: `com.microsoft:${operation}` },
      body,
    });
  });
  const { message } = await answered;
  responses.close();
  requests.close();
  return message ?? { body: undefined };
}
