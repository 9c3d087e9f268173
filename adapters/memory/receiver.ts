import {
  WaybillError,
  type BacklogEvidence,
  type Delivery,
  type MaybePromise,
  type Receiver,
  type SettleRequest,
} from "../../src/transport/index.js";
import { BrokerError } from "./broker/broker-error.js";
import type { Receiver as BrokerReceiver } from "./broker/receiver.js";
import { mapError } from "./map-error.js";
import { MessageDelivery } from "./message-delivery.js";
import { settleMessage } from "./settle-message.js";
import { WaitingReceive } from "./waiting-receive.js";
import type { World } from "./world.js";

/**
 * Receives from a queue or a subscription without sessions.
 *
 * Locks of a receiver that is closed live on until they expire, as the service's do.
 */
export class MessageReceiver implements Receiver {
  readonly #world: World;
  readonly #address: string;
  readonly #broker: BrokerReceiver;
  readonly #waiting = new WaitingReceive();
  #closed = false;

  /** @throws {WaybillError} `notFound` */
  constructor(world: World, address: string) {
    this.#world = world;
    this.#address = address;
    this.#broker = world.broker.attachReceiver(address);
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closed) return [];
    this.#world.clock.catchUp();
    const taken = this.#take(max);
    if (taken.length > 0 || signal.aborted) return taken;
    const answer = this.#waiting.wait(max, signal, () => {
      if (!this.#closed) this.#broker.onAvailable(undefined);
    });
    this.#listen();
    return answer;
  }

  settle(requests: readonly SettleRequest[]): readonly (WaybillError | undefined)[] {
    this.#world.clock.catchUp();
    return requests.map((request) => this.#settle(request));
  }

  renew(deliveries: readonly Delivery[]): readonly (number | WaybillError)[] {
    this.#world.clock.catchUp();
    return deliveries.map((delivery) => {
      try {
        return this.#broker.renewLock(ownDelivery(delivery).native);
      } catch (error) {
        return this.#refused(error, "renew the lock of");
      }
    });
  }

  backlog(): BacklogEvidence | undefined {
    return waiting(this.#world, this.#address);
  }

  /** Those that are gone or locked are left out. */
  receiveDeferred(sequenceNumbers: readonly string[]): readonly Delivery[] {
    this.#world.clock.catchUp();
    const found = sequenceNumbers.flatMap((number) => deferred(this.#broker, Number(number)));
    this.#world.clock.arm();
    return found;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.answer([]);
    this.#broker.close();
  }

  #settle({ delivery, action }: SettleRequest): WaybillError | undefined {
    try {
      settleMessage(this.#broker, ownDelivery(delivery).native, action);
      return undefined;
    } catch (error) {
      return this.#refused(error, action.kind);
    }
  }

  #take(max: number): readonly Delivery[] {
    const taken = this.#broker.take(max);
    if (taken.length === 0) return noDeliveries;
    this.#world.clock.arm();
    return taken.map((native) => new MessageDelivery(native, this.#broker, undefined));
  }

  #listen(): void {
    this.#broker.onAvailable(() => {
      const taken = this.#take(this.#waiting.max);
      // What woke it may have expired meanwhile.
      if (taken.length === 0) this.#listen();
      else this.#waiting.answer(taken);
    });
  }

  #refused(error: unknown, doing: string): WaybillError {
    if (this.#closed && error instanceof BrokerError) {
      return new WaybillError(
        "closed",
        `cannot ${doing} a message of "${this.#address}": its receiver is closed`,
      );
    }
    return mapError(error, `cannot ${doing} a message of "${this.#address}"`);
  }
}

const noDeliveries: readonly Delivery[] = [];

/** @throws {WaybillError} `settleFailed` for a delivery that no receiver of this kind made. */
export function ownDelivery(delivery: Delivery): MessageDelivery {
  if (delivery instanceof MessageDelivery) return delivery;
  throw new WaybillError("settleFailed", "this is no delivery of the receiver", { class: "permanent" });
}

/** A deferred message, locked; nothing if it is gone or locked. */
export function deferred(
  receiver: BrokerReceiver,
  sequenceNumber: number,
  lane?: string,
): readonly MessageDelivery[] {
  try {
    return receiver
      .receiveDeferred([sequenceNumber])
      .map((native) => new MessageDelivery(native, receiver, lane));
  } catch (error) {
    if (error instanceof BrokerError && error.condition === "com.microsoft:message-not-found") return [];
    throw error;
  }
}

/** The oldest message that whoever asks would be given. */
export function waiting({ broker, clock }: World, address: string): BacklogEvidence | undefined {
  clock.catchUp();
  const seen = broker.peek(address, { count: looked }).find(({ isWaiting }) => isWaiting);
  if (seen === undefined) return undefined;
  return { id: String(seen.sequenceNumber), enqueuedAtMs: seen.enqueuedTimeMs, mayBeLocked: false };
}

/** How many messages one look goes through: behind so many that are locked another one is found a little later. */
const looked = 1_000;
