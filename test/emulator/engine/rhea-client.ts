import { once } from "node:events";
import rhea from "rhea";
import type { Connection, ConnectionOptions, EventContext, Receiver, Sender } from "rhea";

/** Connects a client of rhea's, and waits until the connection is open. */
export async function connectRhea(
  port: number,
  options: Partial<ConnectionOptions> = {},
): Promise<Connection> {
  const container = rhea.create_container();
  const connection = container.connect({
    host: "127.0.0.1",
    port,
    reconnect: false,
    username: "guest",
    ...options,
  });
  // Cut sockets are part of these tests.
  for (const quiet of ["error", "disconnected", "connection_error", "session_error", "protocol_error"]) {
    connection.on(quiet, () => undefined);
  }
  await once(connection, "connection_open");
  return connection;
}

/** The next event of this name, as rhea tells it. */
export async function event(emitter: NodeJS.EventEmitter, name: string): Promise<EventContext> {
  const [context] = (await once(emitter, name)) as [EventContext];
  return context;
}

/** Waits until the event has happened this often: several may come in one turn. */
export async function events(emitter: NodeJS.EventEmitter, name: string, count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    let left = count;
    const onEvent = (): void => {
      if (--left > 0) return;
      emitter.off(name, onEvent);
      resolve();
    };
    emitter.on(name, onEvent);
  });
}

export async function openSender(connection: Connection, address: string): Promise<Sender> {
  const sender = connection.open_sender({ target: { address }, autosettle: false });
  await once(sender, "sendable");
  return sender;
}

/** Without credit, and without settling by itself. */
export async function openReceiver(connection: Connection, address: string, options = {}): Promise<Receiver> {
  const receiver = connection.open_receiver({
    source: { address },
    credit_window: 0,
    autoaccept: false,
    ...options,
  });
  await once(receiver, "receiver_open");
  return receiver;
}
