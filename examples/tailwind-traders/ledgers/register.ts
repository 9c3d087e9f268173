/** What intake decided about each invoice that was filed. */
export interface Register {
  /** Ids of the messages that became an order or a cancellation. */
  readonly accepted: ReadonlySet<string>;
  /** How many invoices could not, as they were filed. */
  readonly rejected: number;
  /** How many copies of a refused invoice were recognised. */
  readonly copiesOfRefused: number;
  accept(id: string): void;
  refuse(refusal: Refusal): void;
  /** Recognises a copy of an invoice that was refused, and counts it. */
  refusedBefore(id: string, sequenceNumber: string | undefined): boolean;
}

export interface Refusal {
  readonly id: string;
  /** The broker's number: the same when this copy is delivered again, another on a second copy. */
  readonly sequenceNumber: string | undefined;
  /** Whether somebody had corrected the invoice before. */
  readonly corrected: boolean;
}

export function openRegister(): Register {
  const accepted = new Set<string>();
  const refused = new Map<string, Refusal>();
  const copies = new Set<string | undefined>();
  let rejected = 0;
  return {
    accepted,
    get rejected() {
      return rejected;
    },
    get copiesOfRefused() {
      return copies.size;
    },
    accept: (id) => void accepted.add(id),
    refuse: (refusal) => {
      if (!refusal.corrected && !refused.has(refusal.id)) rejected += 1;
      refused.set(refusal.id, refusal);
    },
    refusedBefore: (id, sequenceNumber) => {
      const refusal = refused.get(id);
      if (refusal === undefined || refusal.sequenceNumber === sequenceNumber) return false;
      copies.add(sequenceNumber);
      return true;
    },
  };
}
