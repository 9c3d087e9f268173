import { admit, requireSessionId } from "./admit.js";
import { BrokerError } from "./broker-error.js";
import { deadLetter } from "./dead-letter.js";
import { sendTarget, type SendTarget } from "./entities.js";
import { expire } from "./expiry.js";
import type { Kernel } from "./kernel.js";
import { addReturned, takeNext, type Lane } from "./lane.js";
import type { MessageRecord } from "./record.js";
import { removeRecord } from "./store.js";

const maxHops = 4;

/**
 * Moves the ready messages of a forwarding store to their destination. A message waits while the destination is full or
 * gone; one that was forwarded four times already ends in the store's own dead-letter queue.
 */
export function forwardReady(kernel: Kernel, lane: Lane): void {
  const stuck: MessageRecord[] = [];
  for (let record = takeNext(lane); record !== undefined; record = takeNext(lane)) {
    if (record.hasExpired(kernel.wheel.nowMs())) expire(kernel, record);
    else if (!forwardOne(kernel, record)) {
      stuck.push(record);
      // What is behind waits too, so that the order is kept; dead letters at the hop limit are passed by.
      if (record.origin.hops < maxHops) break;
    }
  }
  for (const record of stuck) addReturned(lane, record);
}

/** False if the message has to stay. */
function forwardOne(kernel: Kernel, record: MessageRecord): boolean {
  const { store } = record;
  if (record.origin.hops >= maxHops) return buryTravelled(kernel, record);
  const target = destination(kernel, store.settings.forwardTo ?? "");
  if (target === undefined) return false;
  if (target.store.quota.usedBytes + record.sizeBytes > target.store.quota.maxBytes) {
    (target.store.quota.blocked ??= new Set()).add(store);
    return false;
  }
  try {
    requireSessionId(target, record.message);
  } catch (error) {
    if (store.deadLetters === undefined || !(error instanceof BrokerError)) return false;
    deadLetter(kernel, record, { reason: error.condition, description: error.message });
    return true;
  }
  const origin = {
    enqueuedSequenceNumber: record.firstNumber,
    hops: record.origin.hops + 1,
    deadLetterSource: store.role === "deadLetter" ? ownerPath(store.path) : record.origin.deadLetterSource,
  };
  removeRecord(kernel, record);
  admit(kernel, target, record.message, record.sizeBytes, origin);
  return true;
}

/** A dead-letter queue keeps such a message itself instead of forwarding it. */
function buryTravelled(kernel: Kernel, record: MessageRecord): boolean {
  if (record.store.deadLetters === undefined) return false;
  deadLetter(kernel, record, {
    reason: "MaxTransferHopCountExceeded",
    description:
      "The maximum number of allowed hops when forwarding between queues has been exceeded. " +
      `This value is set to ${String(maxHops)}.`,
  });
  return true;
}

function destination(kernel: Kernel, address: string): SendTarget | undefined {
  return kernel.entities.byName.has(address.toLowerCase()) ? sendTarget(kernel.entities, address) : undefined;
}

const ownerPath = (deadLetterPath: string): string =>
  deadLetterPath.slice(0, deadLetterPath.lastIndexOf("/"));
