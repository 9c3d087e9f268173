import { elementTexts } from "../../src/transport/index.js";
import type { EventGridEvent } from "./event-delivery.js";

/** The events of a request's body: a list, or a single CloudEvent. Nothing if it is neither. */
export function eventsOf(body: Uint8Array, headers: Headers): readonly EventGridEvent[] | undefined {
  const text = textOf(body);
  if (text === undefined) return undefined;
  const deliveryCount = countOf(headers);
  const list = text.trimStart().startsWith("[") ? elementTexts(text) : [text];
  return list.map((json) => ({ json, deliveryCount }));
}

function textOf(body: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? text : undefined;
  } catch {
    return undefined;
  }
}

/** From 1; the service counts the attempts before this one. */
function countOf(headers: Headers): number {
  const before = headers.get("aeg-delivery-count") ?? "";
  return /^\d{1,6}$/.test(before) ? Number(before) + 1 : 1;
}
