import { badArgument } from "../../../../adapters/memory/broker/refusals.js";
import type { Visit } from "../door.js";
import { MalformedMessage } from "../message/malformed-message.js";
import { operations, type Answer } from "../request-reply.js";
import type { HeldSessions } from "./held-sessions.js";
import type { Operation } from "./management-scope.js";
import {
  batchDeleteMessages,
  cancelScheduledMessage,
  peekMessage,
  receiveBySequenceNumber,
  renewLock,
  scheduleMessage,
  updateDisposition,
} from "./message-operations.js";
import { RequestBody } from "./request-body.js";
import { addRule, enumerateRules, removeRule } from "./rule-operations.js";
import {
  getMessageSessions,
  getSessionState,
  renewSessionLock,
  setSessionState,
} from "./session-operations.js";

/** The `$management` node of a queue, topic, subscription or dead-letter queue. */
export function managementNode(visit: Visit, sessions: HeldSessions, address: string): Answer {
  const { namespace } = visit;
  const scope = { visit, sessions, address, broker: namespace.broker };
  const answer = (operation: Operation): Answer => {
    return (request) => {
      try {
        return namespace.enter(() => operation(scope, new RequestBody(request.body)));
      } catch (error) {
        if (error instanceof MalformedMessage) throw badArgument(error.message);
        throw error;
      }
    };
  };
  return operations(
    new Map(Object.entries(table).map(([name, operation]) => [`com.microsoft:${name}`, answer(operation)])),
  );
}

const table: Readonly<Record<string, Operation>> = {
  "peek-message": peekMessage,
  "renew-lock": renewLock,
  "schedule-message": scheduleMessage,
  "cancel-scheduled-message": cancelScheduledMessage,
  "receive-by-sequence-number": receiveBySequenceNumber,
  "update-disposition": updateDisposition,
  "batch-delete-messages": batchDeleteMessages,
  "renew-session-lock": renewSessionLock,
  "set-session-state": setSessionState,
  "get-session-state": getSessionState,
  "get-message-sessions": getMessageSessions,
  "add-rule": addRule,
  "remove-rule": removeRule,
  "enumerate-rules": enumerateRules,
};
