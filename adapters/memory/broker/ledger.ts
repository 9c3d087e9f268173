import type { MessageRecord } from "./record.js";

/** All messages of a store in sequence order, whatever their state: what peek reads. */
export interface Ledger {
  head: MessageRecord | undefined;
  tail: MessageRecord | undefined;
  count: number;
  /** Where the last search ended, so that paging through a long ledger does not start over. */
  cursor: MessageRecord | undefined;
}

export const createLedger = (): Ledger => ({
  head: undefined,
  tail: undefined,
  count: 0,
  cursor: undefined,
});

/** `record` must have the highest number so far. */
export function enterLedger(ledger: Ledger, record: MessageRecord): void {
  record.ledgerPrev = ledger.tail;
  if (ledger.tail === undefined) ledger.head = record;
  else ledger.tail.ledgerNext = record;
  ledger.tail = record;
  ledger.count += 1;
}

export function leaveLedger(ledger: Ledger, record: MessageRecord): void {
  const { ledgerPrev, ledgerNext } = record;
  if (ledger.cursor === record) ledger.cursor = ledgerNext;
  if (ledgerPrev === undefined) ledger.head = ledgerNext;
  else ledgerPrev.ledgerNext = ledgerNext;
  if (ledgerNext === undefined) ledger.tail = ledgerPrev;
  else ledgerNext.ledgerPrev = ledgerPrev;
  record.ledgerPrev = undefined;
  record.ledgerNext = undefined;
  ledger.count -= 1;
}

/** The first message whose number is at least `sequenceNumber`. */
export function findFrom(ledger: Ledger, sequenceNumber: number): MessageRecord | undefined {
  const { cursor } = ledger;
  let at = cursor !== undefined && cursor.sequenceNumber <= sequenceNumber ? cursor : ledger.head;
  while (at !== undefined && at.sequenceNumber < sequenceNumber) at = at.ledgerNext;
  ledger.cursor = at;
  return at;
}
