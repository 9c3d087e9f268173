import {
  WaybillError,
  type ConnectContext,
  type Connection,
  type DeadLetterReceiver,
  type Destination,
  type GroupSource,
  type ListenerSource,
  type QueueSource,
  type Receiver,
  type ReceiverOptions,
  type Sender,
  type Source,
  type SubscriptionSource,
} from "../../src/transport/index.js";
import { subscriptionPath } from "./broker/address.js";
import { groupKey } from "./broker/stream/checkpoints.js";
import type { ConsumerGroup } from "./consumer-group.js";
import { deadLetterReceiver } from "./dead-letter-receiver.js";
import { letterboxReceiver } from "./letterbox-receiver.js";
import { Listener } from "./listener.js";
import type { ListenerState } from "./listener-state.js";
import { mapError } from "./map-error.js";
import { MessageReceiver } from "./receiver.js";
import { NotificationSender } from "./notification-sender.js";
import { MessageSender } from "./sender.js";
import { SessionReceiver } from "./session-receiver.js";
import { StreamReceiver } from "./stream-receiver.js";
import { StreamSender } from "./stream-sender.js";
import { ensureTopology } from "./topology.js";
import type { World } from "./world.js";

/** Connects a service to a broker: from now on the broker's time follows the service's. */
export function connect(world: World, context: ConnectContext): Connection {
  const leave = world.clock.join(context.runtime);
  try {
    ensureTopology(world, context);
  } catch (error) {
    leave();
    throw error;
  }
  return new MemoryConnection(world, context.service, leave);
}

class MemoryConnection implements Connection {
  readonly #world: World;
  readonly #service: string;
  readonly #leave: () => void;
  readonly #open = new Set<Sender | Receiver>();
  #closed = false;

  constructor(world: World, service: string, leave: () => void) {
    this.#world = world;
    this.#service = service;
    this.#leave = leave;
  }

  sender({ channel, address }: Destination): Sender {
    return this.#opened(`send to "${address}"`, () => {
      switch (channel.kind) {
        case "queue":
        case "topic":
          return new MessageSender(this.#world, address);
        case "stream":
          return new StreamSender(this.#world, address);
        case "notifications":
          return new NotificationSender(this.#world, address);
      }
    });
  }

  receiver(source: Source, options: ReceiverOptions): Receiver {
    return this.#opened(`read "${source.address}"`, () => {
      switch (source.kind) {
        case "queue":
        case "subscription": {
          const { ordered } = source.channel.settings;
          return ordered
            ? new SessionReceiver(this.#world, pathOf(source), options)
            : new MessageReceiver(this.#world, pathOf(source));
        }
        case "group":
          return new StreamReceiver(this.#world, this.#group(source), options);
        case "listener":
          return new Listener(this.#world, this.#listener(source));
      }
    });
  }

  deadLetters(source: Source): DeadLetterReceiver {
    switch (source.kind) {
      case "queue":
      case "subscription":
        return deadLetterReceiver(this.#world, pathOf(source));
      case "group":
        return letterboxReceiver(this.#group(source).parked, source.address);
      case "listener":
        return letterboxReceiver(this.#listener(source).letters, source.address);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const each of this.#open) void each.close();
    this.#leave();
  }

  #group({ address, group }: GroupSource): ConsumerGroup {
    return this.#declared(this.#world.groups.get(groupKey(address, group)), `${address}/${group}`);
  }

  #listener({ address, listener }: ListenerSource): ListenerState {
    return this.#declared(this.#world.listeners.get(groupKey(address, listener)), `${address}/${listener}`);
  }

  #declared<T>(found: T | undefined, what: string): T {
    if (found !== undefined) return found;
    throw new WaybillError(
      "notFound",
      `"${what}" is no source that service "${this.#service}" connected for: name it in connect()`,
    );
  }

  #opened<T extends Sender | Receiver>(doing: string, open: () => T): T {
    if (this.#closed) {
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

const pathOf = (source: QueueSource | SubscriptionSource): string =>
  source.kind === "subscription" ? subscriptionPath(source.address, source.subscription) : source.address;
