import type { Settlement } from "../../../../adapters/memory/broker/settle.js";
import type { Delivery } from "../../../../adapters/memory/broker/delivery.js";
import { badArgument } from "../../../../adapters/memory/broker/refusals.js";
import { int, longs, timestamps } from "../engine/codec.js";
import type { AmqpValue } from "../engine/engine.js";
import { decodeMessage } from "../message/decode-message.js";
import { encodeWhole } from "../message/encode-for-receiver.js";
import { uuidOf } from "./lock-token.js";
import { done, noContent, requireRight, type Operation } from "./management-scope.js";
import { propertyValues } from "./property-value.js";
import type { RequestBody } from "./request-body.js";

// The operations on messages; bodies and answers as in amqp-wire.md 3.5.

export const peekMessage: Operation = (scope, body) => {
  requireRight(scope, "Listen");
  const sessionId = body.optionalText("session-id");
  const withoutBody = body.boolean("omit-message-body");
  const peeked = scope.broker.peek(scope.address, {
    fromSequenceNumber: body.number("from-sequence-number", 0),
    count: Math.min(body.number("message-count", 1), maxPeeked),
    ...(sessionId === undefined ? {} : { sessionId }),
  });
  if (peeked.length === 0) return noContent;
  const messages: AmqpValue[] = [];
  let room = maxPeekedBytes;
  for (const each of peeked) {
    const encoded = encodeWhole(each, scope.visit.clock, { withoutBody });
    room -= encoded.length;
    // A client that wants the rest goes on behind the last one; one alone may be as large as it is.
    if (room < 0 && messages.length > 0) break;
    messages.push(new Map([["message", encoded]]));
  }
  return done(["messages", messages]);
};

const maxPeeked = 10_000;
const maxPeekedBytes = 4 * 1024 * 1024;

export const renewLock: Operation = (scope, body) => {
  requireRight(scope, "Listen");
  const { clock } = scope.visit;
  const ends = body.lockTokens().map((token) => scope.broker.renewLock(scope.address, token));
  return done(["expirations", timestamps(ends.map((endMs) => new Date(clock.toWire(endMs))))]);
};

export const scheduleMessage: Operation = (scope, body) => {
  requireRight(scope, "Send");
  const messages = body.maps("messages").map((each) => decodeMessage(each.message(), scope.visit.clock));
  return done(["sequence-numbers", longs(scope.broker.schedule(scope.address, messages))]);
};

export const cancelScheduledMessage: Operation = (scope, body) => {
  requireRight(scope, "Send");
  scope.broker.cancelScheduled(scope.address, body.numbers("sequence-numbers"));
  return done();
};

export const receiveBySequenceNumber: Operation = (scope, body) => {
  requireRight(scope, "Listen");
  const sequenceNumbers = body.numbers("sequence-numbers");
  const sessionId = body.optionalText("session-id");
  const mode = body.number("receiver-settle-mode", 1) === 0 ? "receiveAndDelete" : "peekLock";
  const deliveries =
    sessionId === undefined
      ? scope.broker.receiveDeferred(scope.address, sequenceNumbers, mode)
      : scope.sessions.get(scope.address, sessionId).receiveDeferred(sequenceNumbers);
  const entry = (delivery: Delivery): AmqpValue =>
    new Map<AmqpValue, AmqpValue>([
      ["message", encodeWhole(delivery, scope.visit.clock)],
      ["lock-token", uuidOf(delivery.lockToken ?? noLock)],
    ]);
  return done(["messages", deliveries.map(entry)]);
};

const noLock = "00000000-0000-0000-0000-000000000000";

export const updateDisposition: Operation = (scope, body) => {
  requireRight(scope, "Listen");
  const settlement = settlementOf(body);
  let failure: Error | undefined;
  for (const token of body.lockTokens()) {
    try {
      scope.broker.settle(scope.address, token, settlement);
    } catch (error) {
      // One lost lock is no reason to keep the others.
      failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }
  if (failure !== undefined) throw failure;
  return done();
};

function settlementOf(body: RequestBody): Settlement {
  const entries = body.optionalEntries("properties-to-modify");
  const properties = entries === undefined ? undefined : propertyValues(entries);
  const status = body.text("disposition-status").toLowerCase();
  switch (status) {
    case "completed":
      return { type: "complete" };
    case "abandoned":
      return { type: "abandon", properties };
    // Microsoft's own spelling.
    case "defered":
    case "deferred":
      return { type: "defer", properties };
    case "suspended":
      return {
        type: "deadLetter",
        reason: body.optionalText("deadletter-reason"),
        description: body.optionalText("deadletter-description"),
        properties,
      };
    default:
      throw badArgument(`The disposition-status '${status.slice(0, 50)}' is not known.`);
  }
}

export const batchDeleteMessages: Operation = (scope, body) => {
  requireRight(scope, "Listen");
  const beforeMs = body.optionalTime("enqueued-time-utc");
  const deleted = scope.broker.batchDelete(scope.address, {
    maxCount: body.number("message-count"),
    ...(beforeMs === undefined ? {} : { beforeEnqueueTimeMs: scope.visit.clock.fromWire(beforeMs) }),
  });
  return done(["message-count", int(deleted)]);
};
