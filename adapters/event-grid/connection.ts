import type { EventGridReceiverClient } from "@azure/eventgrid-namespaces";
import {
  WaybillError,
  type ConnectContext,
  type Connection,
  type DeadLetterReceiver,
  type Deadline,
  type Destination,
  type ListenerSource,
  type Receiver,
  type Sender,
  type Source,
} from "../../src/transport/index.js";
import { Client } from "./client.js";
import { deadLetterReceiver } from "./dead-letter-receiver.js";
import type { EventGridHandler } from "./handler.js";
import { ListenerPark } from "./park.js";
import { doorOf, type Door } from "./publisher.js";
import { PushReceiver, type PushSettings } from "./push-receiver.js";
import { EventReceiver } from "./receiver.js";
import { EventSender } from "./sender.js";
import type { Settings } from "./transport.js";

/** Connects a service: nothing is asked of Event Grid before there is something to send or to receive. */
export function connect(settings: Settings, context: ConnectContext): Connection {
  const deadline: Deadline = { runtime: context.runtime, operationMs: settings.operationMs };
  return new EventGridConnection(settings, context.service, deadline);
}

class EventGridConnection implements Connection {
  readonly #settings: Settings;
  readonly #service: string;
  readonly #deadline: Deadline;
  readonly #doors = new Map<string, Client<Door>>();
  readonly #open = new Set<Sender | Receiver>();
  #closed: Promise<unknown> | undefined;

  constructor(settings: Settings, service: string, deadline: Deadline) {
    this.#settings = settings;
    this.#service = service;
    this.#deadline = deadline;
  }

  sender({ address }: Destination): Sender {
    return this.#opened(`send to "${address}"`, () => new EventSender(this.#door(address), address));
  }

  receiver(source: Source): Receiver {
    const { address: topic, listener } = listenerOf(source);
    const name = `${topic}/${listener}`;
    const { receiver, lockMs, waitSeconds } = this.#settings;
    return this.#opened(`read "${name}"`, () => {
      if (receiver === undefined) throw missing("receiver", `read "${name}"`);
      const shared = { name, park: this.#park(source), runtime: this.#deadline.runtime };
      const first = receiver(topic, listener);
      if (isHandler(first)) return attached(first, shared);
      const another = (): EventGridReceiverClient => clientOf(receiver(topic, listener), name);
      return new EventReceiver({
        ...shared,
        client: new Client(another, this.#deadline, first),
        lockMs,
        waitSeconds,
      });
    });
  }

  deadLetters(source: Source): DeadLetterReceiver {
    const { address, listener } = listenerOf(source);
    const park = this.#park(source);
    if (park !== undefined) return deadLetterReceiver(park, `${address}/${listener}`, this.#deadline);
    throw new WaybillError(
      "unsupported",
      `the dead letters of "${address}" are in the storage account of its event subscription: ` +
        "look there, or give eventGrid() a store as deadLetters",
    );
  }

  /** The clients themselves hold nothing: their connections are those of the process. */
  async close(): Promise<void> {
    await (this.#closed ??= Promise.all([...this.#open].map(async (each) => each.close())));
  }

  /** One client per topic. */
  #door(topic: string): Client<Door> {
    const known = this.#doors.get(topic);
    if (known !== undefined) return known;
    const { sender } = this.#settings;
    const made = new Client(() => {
      if (sender === undefined) throw missing("sender", `send to "${topic}"`);
      return doorOf(sender(topic));
    }, this.#deadline);
    this.#doors.set(topic, made);
    return made;
  }

  #park(source: Source): ListenerPark | undefined {
    const { address: topic, listener } = listenerOf(source);
    const { deadLetters } = this.#settings;
    if (deadLetters === "event-grid") return undefined;
    return new ListenerPark(deadLetters, { topic, listener }, this.#deadline);
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

const isHandler = (made: EventGridReceiverClient | EventGridHandler): made is EventGridHandler =>
  "~inbox" in made;

/** @throws {WaybillError} `invalidOption` */
function clientOf(made: EventGridReceiverClient | EventGridHandler, name: string): EventGridReceiverClient {
  if (!isHandler(made)) return made;
  throw new WaybillError(
    "invalidOption",
    `"${name}" is either pulled or pushed: its receiver was a client before`,
  );
}

/** @throws {WaybillError} `invalidOption` if another listener reads the handler */
function attached(
  { "~inbox": inbox }: EventGridHandler,
  settings: Omit<PushSettings, "closed">,
): PushReceiver {
  const receiver = new PushReceiver({
    ...settings,
    closed: () => {
      inbox.detach();
    },
  });
  inbox.attach(receiver, settings.name);
  return receiver;
}

const missing = (option: "sender" | "receiver", doing: string): WaybillError =>
  new WaybillError(
    "invalidOption",
    `cannot ${doing}: give eventGrid() the option ${option}, which makes a client`,
  );

/** @throws {WaybillError} `unsupported` */
function listenerOf(source: Source): ListenerSource {
  if (source.kind === "listener") return source;
  throw new WaybillError("unsupported", `Event Grid has no ${source.channel.kind}: "${source.address}"`);
}
