import {
  retryWarning,
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
import { Clients, type ClientLease } from "./clients.js";
import { deadLetterReceiver } from "./dead-letter-receiver.js";
import { pathOf, type EntityPath } from "./entity-path.js";
import { mapError } from "./map-error.js";
import { MessageReceiver } from "./receiver.js";
import { MessageSender } from "./sender.js";
import { SessionReceiver } from "./session-receiver.js";
import { timeOutWarning } from "./time-out-warning.js";
import { checkTopology } from "./topology.js";
import type { ServiceBusSettings } from "./transport.js";

/** Makes a client for a service, after looking at its entities if the topology says so. */
export async function connect(settings: ServiceBusSettings, context: ConnectContext): Promise<Connection> {
  const deadline: Deadline = { runtime: context.runtime, operationMs: settings.operationMs };
  await checkTopology(settings, context, deadline);
  try {
    return new ServiceBusConnection(new Clients(settings.client, deadline), settings, context, deadline);
  } catch (error) {
    throw mapError(error, "the factory given to serviceBus() made no client");
  }
}

class ServiceBusConnection implements Connection {
  readonly warnings: readonly string[];
  readonly #clients: Clients;
  readonly #sessionIdleMs: number;
  readonly #service: string;
  readonly #deadline: Deadline;
  readonly #open = new Set<Sender | Receiver | DeadLetterReceiver>();
  #closed: Promise<void> | undefined;

  constructor(
    clients: Clients,
    { sessionIdleMs }: ServiceBusSettings,
    context: ConnectContext,
    deadline: Deadline,
  ) {
    this.#clients = clients;
    const warnings = [retryWarning(clients.shared, "serviceBus()"), timeOutWarning(clients.shared)];
    this.warnings = warnings.filter((warning) => warning !== undefined);
    this.#sessionIdleMs = sessionIdleMs;
    this.#service = context.service;
    this.#deadline = deadline;
  }

  sender({ address }: Destination): Sender {
    return this.#opened(
      `send to "${address}"`,
      false,
      (lease) => new MessageSender(lease, address, this.#deadline),
    );
  }

  receiver(source: Source, options: ReceiverOptions): Receiver {
    const path = messagePath(source);
    return this.#opened(`read "${source.address}"`, options.apart === true, (lease) =>
      source.channel.settings.ordered
        ? new SessionReceiver(lease, path, this.#deadline, { ...options, sessionIdleMs: this.#sessionIdleMs })
        : new MessageReceiver(lease, path, this.#deadline),
    );
  }

  deadLetters(source: Source): DeadLetterReceiver {
    const path = messagePath(source);
    return this.#opened(`read the dead letters of "${source.address}"`, false, (lease) => {
      const receiver = deadLetterReceiver(lease.client, path, this.#deadline);
      const close = async (): Promise<void> => {
        await receiver.close();
        await lease.release();
      };
      return { ...receiver, close };
    });
  }

  recycle(): void {
    try {
      this.#clients.recycle();
    } catch (error) {
      throw mapError(error, "the factory given to serviceBus() made no client");
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#open].map(async (each) => each.close()));
    await this.#clients.close();
  }

  /** Opens it over a client, and forgets it when it gives that back. */
  #opened<T extends Sender | Receiver | DeadLetterReceiver>(
    doing: string,
    apart: boolean,
    open: (lease: ClientLease) => T,
  ): T {
    if (this.#closed !== undefined) {
      throw new WaybillError("closed", `cannot ${doing}: the connection of "${this.#service}" is closed`);
    }
    let lease: ClientLease | undefined;
    try {
      const taken = this.#clients.lease(apart);
      lease = taken;
      const made = open({
        client: taken.client,
        release: () => {
          this.#open.delete(made);
          return taken.release();
        },
      });
      this.#open.add(made);
      return made;
    } catch (error) {
      void lease?.release();
      throw mapError(error, `cannot ${doing}`);
    }
  }
}

function messagePath(source: Source): EntityPath {
  if (source.kind === "queue" || source.kind === "subscription") return pathOf(source);
  throw new WaybillError("unsupported", `Service Bus has no ${source.channel.kind}: "${source.address}"`);
}
