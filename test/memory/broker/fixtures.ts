import { expect } from "vitest";
import { createBroker, type Broker, type BrokerOptions } from "../../../adapters/memory/broker/broker.js";
import { BrokerError } from "../../../adapters/memory/broker/broker-error.js";
import type { Delivery } from "../../../adapters/memory/broker/delivery.js";
import type { BrokerMessage } from "../../../adapters/memory/broker/message.js";
import type { Receiver } from "../../../adapters/memory/broker/receiver.js";

export const startMs = 1_700_000_000_000;
export const second = 1_000;
export const minute = 60 * second;

export const newBroker = (options: Partial<BrokerOptions> = {}): Broker =>
  createBroker({ startMs, ...options });

/** A broker with one queue `q`. */
export function queueBroker(options: Parameters<Broker["createQueue"]>[1] = {}): Broker {
  const broker = newBroker();
  broker.createQueue("q", options);
  return broker;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const message = (text: string, more: Partial<BrokerMessage> = {}): BrokerMessage => ({
  body: encoder.encode(text),
  ...more,
});

export const textOf = ({ message: { body } }: { readonly message: BrokerMessage }): string =>
  decoder.decode(body);

export const texts = (deliveries: readonly { readonly message: BrokerMessage }[]): string[] =>
  deliveries.map(textOf);

export const sendTexts = (broker: Broker, address: string, ...all: string[]): number[] =>
  broker.send(
    address,
    all.map((text) => message(text)),
  );

/** Takes exactly one. */
export function takeOne(receiver: Receiver): Delivery {
  const [delivery] = receiver.take(1);
  if (delivery === undefined) throw new Error("nothing to take");
  return delivery;
}

export const later = (broker: Broker, ms: number): void => {
  broker.advanceTo(broker.nowMs + ms);
};

export const deadLetters = (broker: Broker, address = "q"): ReturnType<Broker["peek"]> =>
  broker.peek(`${address}/$deadletterqueue`, { count: 100 });

/** The reason and description of the only dead letter. */
export function deathOf(broker: Broker, address = "q"): { reason: unknown; description: unknown } {
  const [dead, ...others] = deadLetters(broker, address);
  expect(others).toEqual([]);
  const properties = dead?.message.applicationProperties ?? {};
  return { reason: properties["DeadLetterReason"], description: properties["DeadLetterErrorDescription"] };
}

export function expectRefusal(act: () => unknown, condition: string, text: RegExp = /./): void {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(BrokerError);
  if (!(thrown instanceof BrokerError)) return;
  expect(thrown.condition).toBe(condition);
  expect(thrown.message).toMatch(text);
}
