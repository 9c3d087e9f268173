import {
  toDeadLetterProperties,
  WaybillError,
  type DeadLetterRecord,
  type DeliveryHistory,
  type Envelope,
  type Runtime,
  type SettleAction,
} from "../../src/transport/index.js";
import type { MessageDelivery } from "./message-delivery.js";
import { fittingText } from "./message-text.js";
import type { Queue } from "./queue.js";
import { maxInvisibleMs } from "./sender.js";

/** The queues that settling needs. */
export interface SettlingQueues {
  readonly queue: Queue;
  readonly poison: Queue;
  readonly runtime: Runtime;
}

/** Does what the core decided, with the receipt of the moment. */
export async function settleMessage(
  queues: SettlingQueues,
  delivery: MessageDelivery,
  action: SettleAction,
): Promise<void> {
  const { queue, poison } = queues;
  const { messageId } = delivery.broker;
  const doing = `cannot ${action.kind} a message of "${queue.name}"`;
  const remove = (popReceipt: string): Promise<unknown> =>
    queue.ask(doing, (client) => client.deleteMessage(messageId, popReceipt));
  await delivery.use(queues.runtime, async (popReceipt) => {
    let receipt = popReceipt;
    switch (action.kind) {
      case "complete":
        await remove(popReceipt);
        break;
      case "abandon":
        await putBack(queues, delivery, popReceipt, action.history, 0);
        break;
      case "release":
        await putBack(queues, delivery, popReceipt, action.history, action.delayMs ?? 0);
        break;
      case "deadLetter":
        // The copy before the removal: a crash in between leaves both, and loses neither. Before the copy a look
        // whether the message is still ours, so that there is no copy of what somebody else handles.
        receipt = await renewed(queues, delivery, popReceipt);
        await poison.ask(doing, (client) =>
          client.sendMessage(letterText(delivery, action.record), { messageTimeToLive: -1 }),
        );
        await remove(receipt);
        break;
      case "defer":
        throw new WaybillError(
          "unsupported",
          `storage queue "${queue.name}" cannot defer: release with a delay instead`,
        );
    }
    delivery.settled();
  });
}

/** Hides it for long enough to be copied and removed. */
async function renewed(
  { queue }: SettlingQueues,
  { broker }: MessageDelivery,
  popReceipt: string,
): Promise<string> {
  const updated = await queue.ask(`cannot renew a message of "${queue.name}"`, (client) =>
    client.updateMessage(broker.messageId, popReceipt, undefined, settlingSeconds),
  );
  return updated.popReceipt ?? popReceipt;
}

const settlingSeconds = 60;

/**
 * Puts back what came when nobody waited for it any more. That it was received is not to look like an attempt: no handler
 * has seen it. The text of a foreign message has no room for this.
 */
export function putBackUnseen(queues: SettlingQueues, delivery: MessageDelivery): Promise<void> {
  const { uncounted = 0 } = delivery.envelope.history;
  const history = { uncounted: uncounted + 1 };
  return putBack(queues, delivery, delivery.native.popReceipt, history, 0);
}

/** Makes it visible again, now or later. What happened to it so far travels in its text. */
async function putBack(
  { queue, runtime }: SettlingQueues,
  { broker, envelope, isEvent, native }: MessageDelivery,
  popReceipt: string,
  history: DeliveryHistory,
  delayMs: number,
): Promise<void> {
  const text = isEvent
    ? fittingText({ ...envelope, history: { ...envelope.history, ...history } })
    : undefined;
  // The service refuses what would be visible only after its end: it comes once more before it instead.
  const leftMs = native.expiresOn.getTime() - runtime.now() - 1_000;
  const invisibleMs = Math.max(0, Math.min(delayMs, maxInvisibleMs, leftMs));
  await queue.ask(`cannot put a message of "${queue.name}" back`, (client) =>
    client.updateMessage(broker.messageId, popReceipt, text, Math.ceil(invisibleMs / 1_000)),
  );
}

/**
 * A dead letter: the message with its record. A record that makes it too large loses its stack and its texts first; a
 * foreign message that leaves no room for any is kept as it is, as Azure Functions does.
 */
function letterText({ envelope, native }: MessageDelivery, record: DeadLetterRecord): string {
  const { errorStack: _stack, ...withoutStack } = record;
  const shortest = {
    ...withoutStack,
    description: record.description.slice(0, 100),
    errorName: "",
    from: "",
  };
  for (const each of [record, withoutStack, shortest]) {
    const text = fittingText(withRecord(envelope, each));
    if (text !== undefined) return text;
  }
  return native.messageText;
}

const withRecord = (envelope: Envelope, record: DeadLetterRecord): Envelope => ({
  ...envelope,
  extensions: { ...envelope.extensions, ...toDeadLetterProperties(record) },
});
