import {
  fromAmqp,
  fromStructuredJson,
  isWaybillError,
  WaybillError,
  type BrokerFacts,
  type Delivery,
  type Envelope,
} from "../../src/transport/index.js";
import { fromGridEvent, isGridEvent } from "./grid-event.js";

/** An event as Event Grid gave it. */
export interface EventGridEvent {
  /** The event itself, JSON, as it stood in the service's answer or request. */
  readonly json: string;
  /** Of a pull subscription. */
  readonly lockToken?: string;
  /** From 1. */
  readonly deliveryCount: number;
}

/** An event of a subscription, which nobody else has while its lock lasts. */
export class EventDelivery implements Delivery {
  readonly envelope: Envelope;
  readonly defect?: WaybillError;
  readonly lane = undefined;
  readonly deliveryCount: number;
  readonly broker: BrokerFacts;
  readonly native: EventGridEvent;
  lockedUntilMs: number;
  #settled = false;

  constructor(native: EventGridEvent, lockedUntilMs: number) {
    const { envelope, defect } = readEvent(native.json);
    this.envelope = envelope;
    if (defect !== undefined) this.defect = defect;
    this.deliveryCount = native.deliveryCount;
    this.broker = { messageId: envelope.id };
    this.native = native;
    this.lockedUntilMs = lockedUntilMs;
  }

  /**
   * Begins a settlement.
   * @throws {WaybillError} `lockLost` when its time is up, and once it is settled
   */
  take(nowMs: number): void {
    this.checkHeld(nowMs);
    this.#settled = true;
  }

  /** It was not settled after all. */
  giveBack(): void {
    this.#settled = false;
  }

  /** @throws {WaybillError} `lockLost` when its time is up, and once it is settled */
  checkHeld(nowMs: number): void {
    const what = `event ${this.broker.messageId}`;
    if (this.#settled) throw new WaybillError("lockLost", `${what} was settled already`);
    if (nowMs >= this.lockedUntilMs)
      throw new WaybillError("lockLost", `the lock of ${what} has ended: others can have it`);
  }
}

/** Whether `native` of a delivery is an event of Event Grid. */
export const isEventGridEvent = (native: unknown): native is EventGridEvent =>
  typeof native === "object" && native !== null && "json" in native && "deliveryCount" in native;

/** @throws {WaybillError} `settleFailed` for a delivery that no receiver of this kind made. */
export function ownDelivery(delivery: Delivery): EventDelivery {
  if (delivery instanceof EventDelivery) return delivery;
  throw new WaybillError("settleFailed", "this is no delivery of Event Grid", { class: "permanent" });
}

/** Reads an event of either schema. What is none becomes a defect, beside its id and its text. */
export function readEvent(json: string): { readonly envelope: Envelope; readonly defect?: WaybillError } {
  const body = Buffer.from(json);
  const event = parsed(json);
  try {
    return { envelope: isGridEvent(event) ? fromGridEvent(event, json) : fromStructuredJson(body) };
  } catch (error) {
    if (!isWaybillError(error)) throw error;
    const id = idOf(event);
    return { envelope: fromAmqp({ messageId: id, body }, id), defect: error };
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

const idOf = (event: unknown): string =>
  typeof event === "object" &&
  event !== null &&
  "id" in event &&
  typeof event.id === "string" &&
  event.id !== ""
    ? event.id
    : "unknown";
