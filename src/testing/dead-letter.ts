import { jsonCodec } from "../message/codec.js";
import type { Envelope } from "../message/envelope.js";
import type { DeadLetterDelivery, Source } from "../transport/transport.js";
import type { TestDeadLetter } from "./test-bus.js";

/** Tells the places where services read apart. */
export function nameOfSource(source: Source): string {
  return `${source.kind} ${source.address} ${asOf(source)}`;
}

function asOf(source: Source): string {
  switch (source.kind) {
    case "queue":
      return source.channel.name;
    case "subscription":
      return source.subscription;
    case "group":
      return source.group;
    case "listener":
      return source.listener;
  }
}

/** A dead letter as a test looks at it, with its body. */
export function testDeadLetter(
  source: Source,
  { envelope, record }: DeadLetterDelivery,
  body: Uint8Array,
): TestDeadLetter {
  return {
    channel: source.channel.name,
    as: asOf(source),
    id: envelope.id,
    type: envelope.type,
    reason: record.reason,
    description: record.description,
    attempts: record.attempts,
    data: dataOf(source, envelope, body),
  };
}

function dataOf(source: Source, { contentType }: Envelope, body: Uint8Array): unknown {
  try {
    return (source.channel.settings.codec ?? jsonCodec).decode(body, contentType);
  } catch {
    return undefined;
  }
}
