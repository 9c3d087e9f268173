import { elementTexts, shapeOf } from "../../src/transport/index.js";
import type { EventGridEvent } from "./event-delivery.js";

/** The most events of one request [Event Grid: `maxEventsPerBatch`, 1 to 5,000]. */
export const maxPushed = 5_000;

/**
 * The deepest body that is parsed. An event that is deeper than a message may be is a dead letter of its own; this bound is for
 * what no sender of events means, and keeps those that come beside a deep one from being refused with it.
 */
const maxDepth = 1_000;

/**
 * The events of a request's body: a list, or a single CloudEvent. `undefined` if it is neither, or nested too deep; `too many` if
 * it has more than Event Grid sends. Both bounds are looked at before anything is built from the text.
 */
export function eventsOf(
  body: Uint8Array,
  headers: Headers,
): readonly EventGridEvent[] | "too many" | undefined {
  const text = textOf(body);
  if (text === undefined) return undefined;
  const { depth, elements } = shapeOf(text);
  if (depth > maxDepth) return undefined;
  const isList = text.trimStart().startsWith("[");
  if (isList && elements > maxPushed) return "too many";
  if (!holdsEvents(text)) return undefined;
  const deliveryCount = countOf(headers);
  const list = isList ? elementTexts(text) : [text];
  return list.map((json) => ({ json, deliveryCount }));
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function holdsEvents(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

/** From 1; the service counts the attempts before this one. */
function countOf(headers: Headers): number {
  const before = headers.get("aeg-delivery-count") ?? "";
  return /^\d{1,6}$/.test(before) ? Number(before) + 1 : 1;
}
