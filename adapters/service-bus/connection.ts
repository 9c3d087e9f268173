import type { ServiceBusClient } from "@azure/service-bus";
import {
  WaybillError,
  type ConnectContext,
  type Connection,
  type DeadLetterReceiver,
  type Destination,
  type Receiver,
  type ReceiverOptions,
  type Sender,
  type Source,
  type Deadline,
} from "../../src/transport/index.js";
import { closed } from "./closing.js";
import { deadLetterReceiver } from "./dead-letter-receiver.js";
import { pathOf, type EntityPath } from "./entity-path.js";
import { mapError } from "./map-error.js";
import { MessageReceiver } from "./receiver.js";
import { MessageSender } from "./sender.js";
import { SessionReceiver } from "./session-receiver.js";
import { checkTopology } from "./topology.js";
import type { ServiceBusSettings } from "./transport.js";

/** Makes a client for a service, after looking at its entities if the topology says so. */
export async function connect(settings: ServiceBusSettings, context: ConnectContext): Promise<Connection> {
  const deadline: Deadline = { runtime: context.runtime, operationMs: settings.operationMs };
  await checkTopology(settings, context, deadline);
  try {
    return new ServiceBusConnection(settings.client(), settings, context, deadline);
  } catch (error) {
    throw mapError(error, "the factory given to serviceBus() made no client");
  }
}

class ServiceBusConnection implements Connection {
  readonly #client: ServiceBusClient;
  readonly #sessionIdleMs: number;
  readonly #service: string;
  readonly #deadline: Deadline;
  readonly #open = new Set<Sender | Receiver | DeadLetterReceiver>();
  #closed: Promise<void> | undefined;

  constructor(
    client: ServiceBusClient,
    { sessionIdleMs }: ServiceBusSettings,
    context: ConnectContext,
    deadline: Deadline,
  ) {
    this.#client = client;
    this.#sessionIdleMs = sessionIdleMs;
    this.#service = context.service;
    this.#deadline = deadline;
  }

  sender({ address }: Destination): Sender {
    return this.#opened(
      `send to "${address}"`,
      () => new MessageSender(this.#client, address, this.#deadline),
    );
  }

  receiver(source: Source, options: ReceiverOptions): Receiver {
    const path = messagePath(source);
    return this.#opened(`read "${source.address}"`, () =>
      source.channel.settings.ordered
        ? new SessionReceiver(this.#client, path, this.#deadline, {
            ...options,
            sessionIdleMs: this.#sessionIdleMs,
          })
        : new MessageReceiver(this.#client, path, this.#deadline),
    );
  }

  deadLetters(source: Source): DeadLetterReceiver {
    const path = messagePath(source);
    const receiver = this.#opened(`read the dead letters of "${source.address}"`, () =>
      deadLetterReceiver(this.#client, path, this.#deadline),
    );
    const close = async (): Promise<void> => {
      // One is opened whenever somebody looks.
      this.#open.delete(receiver);
      await receiver.close();
    };
    return { ...receiver, close };
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#open].map(async (each) => each.close()));
    await closed(this.#deadline, "close the client", () => this.#client.close());
  }

  #opened<T extends Sender | Receiver | DeadLetterReceiver>(doing: string, open: () => T): T {
    if (this.#closed !== undefined) {
      throw new WaybillError("closed", `cannot ${doing}: the connection of "${this.#service}" is closed`);
    }
    try {
      const made = open();
      this.#open.add(made);
      return made;
    } catch (error) {
      throw mapError(error, `cannot ${doing}`);
    }
  }
}

function messagePath(source: Source): EntityPath {
  if (source.kind === "queue" || source.kind === "subscription") return pathOf(source);
  throw new WaybillError("unsupported", `Service Bus has no ${source.channel.kind}: "${source.address}"`);
}
