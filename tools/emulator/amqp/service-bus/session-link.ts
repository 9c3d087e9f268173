import type { SessionReceiver } from "../../../../adapters/memory/broker/session-receiver.js";
import type { Visit } from "../door.js";
import { long } from "../engine/codec.js";
import {
  Described,
  type AmqpError,
  type AmqpValue,
  type AttachReply,
  type LinkRequest,
} from "../engine/engine.js";
import type { HeldSessions } from "./held-sessions.js";
import { OutgoingLink } from "./outgoing-link.js";

/** The filter that asks for a session: by its id, or with null for the next one that has messages. */
const sessionFilter = "com.microsoft:session-filter";

export const asksForSession = (request: LinkRequest): boolean =>
  request.source?.filters.has(sessionFilter) === true;

/**
 * Gives a client the session that it asks for: at once the one that it names; the next one as soon as one is free, within
 * the time that it has.
 *
 * @throws {BrokerError} what the link is to be refused with
 */
export function attachSession(visit: Visit, held: HeldSessions, request: LinkRequest, address: string): void {
  const { namespace } = visit;
  const wanted = wantedSession(request);
  const outgoing = new OutgoingLink(visit, address, request);
  const begin = (receiver: SessionReceiver): void => {
    held.add(address, receiver);
    const link = request.acceptAsSender(outgoing, sessionReply(visit, request, receiver));
    outgoing.serve(receiver, link, () => {
      held.remove(address, receiver);
    });
  };
  if (wanted === null) {
    waitForNext(visit, request, (accepted) =>
      namespace.broker.waitForSession(address, outgoing.options, (receiver) => {
        accepted();
        begin(receiver);
      }),
    );
  } else begin(namespace.enter(() => namespace.broker.acceptSession(address, wanted, outgoing.options)));
}

/** Waits until a session is accepted, the client's time is over, or the client is gone. */
function waitForNext(visit: Visit, request: LinkRequest, wait: (accepted: () => void) => () => void): void {
  const { namespace, clock } = visit;
  const waitMs = waitOf(request);
  const waiting: { timer?: { cancel(): void } } = {};
  let over = false;
  const finish = (): void => {
    over = true;
    waiting.timer?.cancel();
  };
  const cancel = namespace.enter(() => wait(finish));
  // The broker may have had one at once.
  if (over) return;
  const giveUp = (): void => {
    if (over) return;
    finish();
    namespace.enter(cancel);
  };
  // The client's time passes on its own clock, whatever the emulator's does.
  waiting.timer = clock.after(waitMs, () => {
    giveUp();
    request.refuse(timedOut(waitMs));
  });
  request.onWithdrawn(giveUp);
}

function wantedSession({ source }: LinkRequest): string | null {
  const filter = source?.filters.get(sessionFilter);
  const value = filter instanceof Described ? filter.value : filter;
  return typeof value === "string" ? value : null;
}

function sessionReply(visit: Visit, request: LinkRequest, receiver: SessionReceiver): AttachReply {
  // Some clients describe the filter, and expect the answer likewise.
  const asked = request.source?.filters.get(sessionFilter);
  const { sessionId } = receiver;
  const filter = asked instanceof Described ? new Described(asked.descriptor, sessionId) : sessionId;
  return {
    filters: new Map<string, AmqpValue>([[sessionFilter, filter]]),
    properties: new Map<string, AmqpValue>([
      ["com.microsoft:locked-until-utc", long(ticksOf(visit.clock.toWire(receiver.sessionLockedUntilMs)))],
    ]),
  };
}

/** .NET's count of 100 nanoseconds since the year 1. */
const ticksOf = (ms: number): bigint => BigInt(Math.round(ms)) * 10_000n + 621_355_968_000_000_000n;

function waitOf({ properties }: LinkRequest): number {
  const asked = properties.get("com.microsoft:timeout");
  return typeof asked === "number" && asked >= 0 ? Math.min(asked, maxWaitMs) : defaultWaitMs;
}

const defaultWaitMs = 60_000;
const maxWaitMs = 24 * 3_600_000;

function timedOut(waitMs: number): AmqpError {
  const span = new Date(waitMs).toISOString().slice(11, 23);
  return {
    condition: "com.microsoft:timeout",
    description:
      `The operation did not complete within the allotted timeout of ${span}. The time allotted to this operation may ` +
      "have been a portion of a longer timeout.",
  };
}
