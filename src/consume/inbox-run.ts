import { WaybillError } from "../errors.js";
import { fromStructuredJson, toStructuredJson } from "../message/structured-json.js";
import type { Inbox, InboxRequest, OutboxMessage } from "../store/inbox.js";
import type { Handled } from "./run-handler.js";
import { fingerprintOf, keyOf, scopeOf } from "./claim.js";
import type { DeliveryRun } from "./delivery-run.js";
import type { Consumer, OutboundMessage } from "./environment.js";
import type { Received } from "./received.js";
import { duplicate, type Verdict } from "./verdict.js";

/** How long an inbox remembers. */
const retentionMs = 7 * 86_400_000;

/**
 * Runs a handler in one transaction with its claim and its outgoing messages (tier T2), then sends these.
 *
 * A crash after the commit and before the last send is cured by the redelivery: the inbox gives the messages that
 * nobody confirmed.
 * @throws whatever the handler, the inbox or a send throws.
 */
export async function runInInbox(
  consumer: Consumer,
  run: DeliveryRun,
  inbox: Inbox<unknown>,
  handle: (consumer: Consumer, run: DeliveryRun, tx: unknown) => Promise<Handled>,
): Promise<Verdict> {
  const request = requestOf(consumer, run);
  let handled: Handled | undefined;
  const result = await consumer.runtime
    .port("store", inbox.name, run.delivery.envelope.id, () =>
      inbox.run(request, async (tx) => {
        handled = await handle(consumer, run, tx);
        if (handled.verdict.kind !== "complete") throw new NotCommitted(handled.verdict);
        return handled.sends.prepared().map(store);
      }),
    )
    .catch((error: unknown) => {
      if (error instanceof NotCommitted) return error;
      throw error;
    });
  if (result instanceof NotCommitted) return result.verdict;
  if (result.kind === "conflict") {
    throw new WaybillError(
      "keyReused",
      `message ${run.delivery.envelope.id} was handled with other content: give it a new id`,
    );
  }
  const unsent = result.kind === "committed" ? (handled?.sends.prepared() ?? []) : result.unsent.map(restore);
  if (unsent.length > 0) {
    const results = await consumer.outbound.dispatch(unsent);
    for (const sent of results) if (!sent.ok) throw sent.error;
    await inbox.confirmSent(request);
  }
  return result.kind === "committed" && handled !== undefined ? handled.verdict : duplicate;
}

/** Rolls the transaction back for a handler that returned a settlement. */
class NotCommitted extends Error {
  readonly verdict: Verdict;
  constructor(verdict: Verdict) {
    super("the handler did not succeed");
    this.verdict = verdict;
  }
}

function requestOf(consumer: Consumer, run: DeliveryRun): InboxRequest {
  const message = run.message as Received;
  return {
    scope: scopeOf(consumer),
    key: keyOf(message, undefined),
    fingerprint: fingerprintOf(run),
    retentionMs,
  };
}

function store({ channel, outgoing }: OutboundMessage): OutboxMessage {
  const due = outgoing.dueMs === undefined ? "" : `@${String(outgoing.dueMs)}`;
  return {
    id: outgoing.envelope.id,
    destination: `${channel}${due}`,
    ...(outgoing.envelope.key !== undefined ? { key: outgoing.envelope.key } : {}),
    bytes: toStructuredJson(outgoing.envelope),
  };
}

function restore({ destination, bytes }: OutboxMessage): OutboundMessage {
  const [channel = "", due] = destination.split("@");
  const envelope = fromStructuredJson(bytes);
  return { channel, outgoing: due === undefined ? { envelope } : { envelope, dueMs: Number(due) } };
}
