import { int, strings } from "../engine/codec.js";
import { done, noContent, requireRight, type Operation } from "./management-scope.js";

// The operations on sessions; bodies and answers as in amqp-wire.md 3.5.

export const renewSessionLock: Operation = (scope, body) => {
  requireRight(scope, "Listen");
  const endMs = scope.sessions.get(scope.address, body.text("session-id")).renewSessionLock();
  return done(["expiration", new Date(scope.visit.clock.toWire(endMs))]);
};

export const setSessionState: Operation = (scope, body) => {
  requireRight(scope, "Listen");
  const state = body.optionalBytes("session-state");
  scope.sessions.get(scope.address, body.text("session-id")).setSessionState(state);
  return done();
};

export const getSessionState: Operation = (scope, body) => {
  requireRight(scope, "Listen");
  const state = scope.sessions.get(scope.address, body.text("session-id")).getSessionState();
  return done(["session-state", state]);
};

export const getMessageSessions: Operation = (scope, body) => {
  requireRight(scope, "Listen");
  const skip = body.number("skip", 0);
  const updatedMs = body.optionalTime("last-updated-time");
  const ids = scope.broker.sessions(scope.address, {
    skip,
    top: body.number("top", 100),
    // The last time that .NET has stands for "those that have messages".
    ...(updatedMs === undefined || updatedMs >= endOfTimeMs
      ? {}
      : { updatedAfterMs: scope.visit.clock.fromWire(updatedMs) }),
  });
  if (ids.length === 0) return noContent;
  return done(["skip", int(skip + ids.length)], ["sessions-ids", strings(ids)]);
};

const endOfTimeMs = Date.UTC(9999, 0);
