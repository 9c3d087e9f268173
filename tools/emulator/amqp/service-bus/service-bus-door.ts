import { parseAddress } from "../../../../adapters/memory/broker/address.js";
import type { DoorHandler, Visit } from "../door.js";
import type { LinkRequest } from "../engine/engine.js";
import { HeldSessions } from "./held-sessions.js";
import { acceptIncoming } from "./incoming-link.js";
import { managementNode } from "./management.js";
import { OutgoingLink } from "./outgoing-link.js";
import { attachTransferred, isTransferred } from "./transfer-dead-letters.js";
import { asksForSession, attachSession } from "./session-link.js";

/** Serves the queues, topics and subscriptions of a namespace: senders, receivers, sessions and `$management`. */
export function serviceBusDoor(visit: Visit): DoorHandler {
  const sessions = new HeldSessions();
  return {
    attach(request, address) {
      attach(visit, sessions, request, address);
    },
    closed: () => undefined,
  };
}

function attach(visit: Visit, sessions: HeldSessions, request: LinkRequest, address: string): void {
  const managed = /^(.+)\/\$management$/i.exec(address)?.[1];
  if (isTransferred(managed ?? address)) attachTransferred(visit, request, address);
  else if (managed !== undefined) {
    requireEntity(visit, managed);
    visit.requests.attach(request, managementNode(visit, sessions, managed));
  } else if (request.role === "receiver") acceptIncoming(visit, request, address);
  else if (asksForSession(request)) attachSession(visit, sessions, request, address);
  else attachReceiver(visit, request, address);
}

function attachReceiver(visit: Visit, request: LinkRequest, address: string): void {
  const { namespace } = visit;
  const outgoing = new OutgoingLink(visit, address, request);
  const receiver = namespace.enter(() => namespace.broker.attachReceiver(address, outgoing.options));
  outgoing.serve(receiver, request.acceptAsSender(outgoing));
}

/** @throws {BrokerError} `amqp:not-found` */
function requireEntity({ namespace }: Visit, address: string): void {
  const { broker } = namespace;
  const { name, subscription, deadLetters } = parseAddress(address);
  namespace.enter(() => {
    if (subscription !== undefined) broker.getSubscription(name, subscription);
    else if (namespace.kindOf(name) === "topic" && !deadLetters) broker.getTopic(name);
    else broker.getQueue(name);
  });
}
