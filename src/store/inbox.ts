/** What an inbox is asked to run once. */
export interface InboxRequest {
  readonly scope: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly retentionMs: number;
}

/** A message that was stored with the effect and waits to be sent. */
export interface OutboxMessage {
  readonly id: string;
  readonly destination: string;
  /** Messages of one key are sent in order; absent where order does not matter. */
  readonly key?: string;
  /** The encoded message, opaque to the store. */
  readonly bytes: Uint8Array;
}

/** What became of an inbox request. */
export type InboxResult =
  /** The work ran and is committed. */
  | { readonly kind: "committed" }
  /** It had been committed before; `unsent` are the messages that nobody has confirmed as sent. */
  | { readonly kind: "duplicate"; readonly unsent: readonly OutboxMessage[] }
  | { readonly kind: "conflict"; readonly storedFingerprint: string };

/**
 * A transactional inbox (tier T2): claim, effect and outgoing messages are one transaction of one database.
 *
 * `Tx` is what the handler gets as `ctx.tx` to write its effect with.
 */
export interface Inbox<Tx> {
  readonly name: string;
  /** Runs `work` in a transaction and stores the messages that it answers; a throw rolls everything back. */
  run(request: InboxRequest, work: (tx: Tx) => Promise<readonly OutboxMessage[]>): Promise<InboxResult>;
  /** Marks the messages of the key as sent. */
  confirmSent(request: Pick<InboxRequest, "scope" | "key">): Promise<void>;
}
