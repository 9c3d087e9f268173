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
} from "../../src/transport/index.js";
import { subscriptionPath } from "./broker/address.js";
import { mapError } from "./map-error.js";
import { MessageReceiver } from "./receiver.js";
import { MessageSender } from "./sender.js";
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
        case "stream":
        case "notifications":
          return new MessageSender(this.#world, address);
      }
    });
  }

  receiver(source: Source, _options: ReceiverOptions): Receiver {
    return this.#opened(`read "${source.address}"`, () => new MessageReceiver(this.#world, pathOf(source)));
  }

  deadLetters(_source: Source): DeadLetterReceiver {
    throw new WaybillError("unsupported", "not yet");
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const each of this.#open) void each.close();
    this.#leave();
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

const pathOf = (source: Source): string =>
  source.kind === "subscription" ? subscriptionPath(source.address, source.subscription) : source.address;
