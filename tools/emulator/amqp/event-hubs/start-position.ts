import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { EventPosition } from "../../../../adapters/memory/broker/stream/event-position.js";
import type { EmulatorClock } from "../../clock.js";
import { Described, type AmqpValue } from "../engine/engine.js";

/**
 * Where a reader begins, by the selector filter of its source:
 * `amqp.annotation.x-opt-offset > '…'`, `…x-opt-sequence-number >= '…'` or `…x-opt-enqueued-time > '…'` (milliseconds since
 * 1970, by the machine's clock). Without a filter, at the oldest event.
 *
 * @throws {BrokerError} `com.microsoft:argument-error` for any other selector
 */
export function startPosition(filters: ReadonlyMap<string, AmqpValue>, clock: EmulatorClock): EventPosition {
  const selector = selectorOf(filters);
  if (selector === undefined) return { offset: "-1" };
  const found = grammar.exec(selector);
  const [, annotation = "", comparison = "", value = ""] = found ?? [];
  if (found === null || !isValid(annotation, comparison, value)) throw unknownSelector(selector);
  const inclusive = comparison === ">=";
  switch (annotation.toLowerCase()) {
    case "offset":
      return { offset: value, inclusive };
    case "sequence-number":
      return { sequenceNumber: Number(value), inclusive };
    default:
      return { enqueuedAfterMs: clock.fromWire(Number(value)) };
  }
}

const grammar =
  /^\s*amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time)\s*(>=|>)\s*'([^']{1,200})'\s*$/i;

function isValid(annotation: string, comparison: string, value: string): boolean {
  const name = annotation.toLowerCase();
  if (name === "offset") return true;
  return /^-?\d{1,16}$/.test(value) && (name === "sequence-number" || comparison === ">");
}

/** Clients describe the filter by its name or its code; an early one may not describe it at all. */
function selectorOf(filters: ReadonlyMap<string, AmqpValue>): string | undefined {
  for (const [name, filter] of filters) {
    const descriptor = filter instanceof Described ? filter.descriptor : name;
    if (descriptor !== selectorName && descriptor !== selectorCode) continue;
    const value = filter instanceof Described ? filter.value : filter;
    if (typeof value === "string") return value;
  }
  return undefined;
}

const selectorName = "apache.org:selector-filter:string";
const selectorCode = 0x468c00000004;

function unknownSelector(selector: string): BrokerError {
  return new BrokerError(
    "com.microsoft:argument-error",
    `The filter '${selector.slice(0, 200)}' is not one that an event hub knows. It compares amqp.annotation.x-opt-offset, ` +
      "x-opt-sequence-number (> or >=) or x-opt-enqueued-time (>) with a value in single quotes.",
  );
}
