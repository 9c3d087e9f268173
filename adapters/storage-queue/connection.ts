import {
  WaybillError,
  type ConnectContext,
  type Connection,
  type DeadLetterReceiver,
  type Deadline,
  type Destination,
  type Receiver,
  type Sender,
  type Source,
} from "../../src/transport/index.js";
import { deadLetterReceiver } from "./dead-letter-receiver.js";
import { mapError } from "./map-error.js";
import { MessageReceiver } from "./receiver.js";
import { Clients, type Queue } from "./queue.js";
import { maxInvisibleMs, MessageSender } from "./sender.js";
import { checkTopology, queueNames } from "./topology.js";
import type { Settings } from "./transport.js";

/** How long the service hides a message that was received, unless it is told [Get Messages]. */
const defaultLockMs = 30_000;

/** Makes a client for a service, after looking at its queues if the topology says so. */
export async function connect(settings: Settings, context: ConnectContext): Promise<Connection> {
  const deadline: Deadline = { runtime: context.runtime, operationMs: settings.operationMs };
  queueNames(settings, context);
  try {
    const clients = new Clients(settings.client);
    await checkTopology(clients, settings, context, deadline);
    return new QueueConnection(clients, settings, context.service, deadline);
  } catch (error) {
    throw mapError(error, "cannot connect to Storage Queues");
  }
}

class QueueConnection implements Connection {
  readonly #clients: Clients;
  readonly #settings: Settings;
  readonly #service: string;
  readonly #deadline: Deadline;
  readonly #open = new Set<Sender | Receiver>();
  #closed: Promise<unknown> | undefined;

  constructor(clients: Clients, settings: Settings, service: string, deadline: Deadline) {
    this.#clients = clients;
    this.#settings = settings;
    this.#service = service;
    this.#deadline = deadline;
  }

  sender({ address }: Destination): Sender {
    return this.#opened(
      `send to "${address}"`,
      () => new MessageSender(this.#queue(address), this.#deadline.runtime),
    );
  }

  receiver({ address, channel }: Source): Receiver {
    const invisibleMs = Math.min(channel.settings.lockMs ?? defaultLockMs, maxInvisibleMs);
    return this.#opened(
      `read "${address}"`,
      () =>
        new MessageReceiver({
          queue: this.#queue(address),
          poison: this.#poison(address),
          runtime: this.#deadline.runtime,
          rules: { queue: address, maxDeliveries: channel.settings.maxDeliveries },
          minPollMs: this.#settings.minPollMs,
          maxPollMs: this.#settings.maxPollMs,
          invisibleSeconds: Math.max(1, Math.ceil(invisibleMs / 1_000)),
        }),
    );
  }

  deadLetters({ address }: Source): DeadLetterReceiver {
    return deadLetterReceiver(this.#poison(address), this.#deadline.runtime);
  }

  /** The client itself holds nothing: its connections are those of the process. */
  async close(): Promise<void> {
    await (this.#closed ??= Promise.all([...this.#open].map(async (each) => each.close())));
  }

  #queue(address: string): Queue {
    return this.#clients.queue(address, this.#deadline);
  }

  #poison(address: string): Queue {
    return this.#queue(this.#settings.poisonQueue(address));
  }

  #opened<T extends Sender | Receiver>(doing: string, open: () => T): T {
    if (this.#closed !== undefined) {
      throw new WaybillError("closed", `cannot ${doing}: the connection of "${this.#service}" is closed`);
    }
    const made = open();
    this.#open.add(made);
    return made;
  }
}
