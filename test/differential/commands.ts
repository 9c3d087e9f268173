/** One message of a `send`. Times in milliseconds. */
export interface Draft {
  readonly id: string;
  readonly bodyBytes: number;
  readonly key?: string;
  readonly ttlMs?: number;
  /** From when the sequence has come to: scheduled. */
  readonly inMs?: number;
  readonly headers: Readonly<Record<string, string | number | boolean>>;
}

export type Outcome = "complete" | "abandon" | "release" | "defer" | "deadLetter";

/**
 * What a sequence does. A `pick` names one of what is at hand (deliveries, deferred numbers, tokens, letters) by its
 * place, modulo how many there are: so a command stays meaningful when others are dropped.
 */
export type Command =
  | { readonly do: "send"; readonly drafts: readonly Draft[] }
  | { readonly do: "receive"; readonly max: number }
  | { readonly do: "settle"; readonly each: readonly { readonly pick: number; readonly outcome: Outcome }[] }
  /** Settles what was settled before. */
  | { readonly do: "settleAgain"; readonly pick: number; readonly outcome: Outcome }
  | { readonly do: "renew"; readonly picks: readonly number[] }
  | { readonly do: "receiveDeferred"; readonly pick: number }
  | { readonly do: "state"; readonly pick: number; readonly set?: string | null }
  | { readonly do: "cancel"; readonly pick: number }
  | { readonly do: "advance"; readonly ms: number }
  | { readonly do: "peekLetters"; readonly max: number }
  | { readonly do: "takeLetters"; readonly picks: readonly number[] }
  | { readonly do: "settleLetter"; readonly pick: number; readonly outcome: "complete" | "release" }
  | { readonly do: "reopen" };

/** The entity of a sequence. Times in milliseconds. */
export interface Setting {
  /** A topic has one subscription, which is read. */
  readonly kind: "queue" | "topic";
  readonly sessions: boolean;
  readonly lockMs: number;
  readonly maxDeliveries: number;
  readonly ttlMs: number | undefined;
  readonly dedupWindowMs: number | undefined;
  readonly lanes: number;
  readonly perLane: number;
  /** What the receiver usually asks for; a change of it costs the adapter a link. */
  readonly max: number;
}

export interface Sequence {
  readonly seed: string;
  readonly setting: Setting;
  readonly commands: readonly Command[];
}
