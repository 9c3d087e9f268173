import type { Runtime } from "../../runtime/runtime.js";
import type { IdempotencyStore } from "../../store/idempotency-store.js";
import type { Inbox } from "../../store/inbox.js";
import type { OutboxStore } from "../../store/outbox-store.js";
import type { MaybePromise } from "../../transport/transport.js";

/** The stores that a database, cache or service offers; `schedule` keeps messages for later and lets them be asked for. */
export type StoreKind = "idempotency" | "inbox" | "outbox" | "schedule";

/** An adapter of stores, as the conformance kit meets it. */
export interface StoreAdapter {
  /** The name of its folder in `adapters/`. */
  readonly name: string;
  readonly offers: readonly StoreKind[];
  /** Opens an empty store for one behaviour. */
  open(): MaybePromise<StoreWorld>;
}

/** Where one behaviour of a store is tried. Clients of one world share its data, as processes would. */
export interface StoreWorld {
  /** The store's clock: virtual, or real. */
  readonly runtime: Runtime;
  /** A client in a process whose own wall clock may be wrong. */
  idempotency?(clock?: Pick<Runtime, "now">): IdempotencyStore;
  inbox?(): StoreInbox;
  outbox?(): OutboxStore;
  close?(): MaybePromise<void>;
}

/** An inbox, and how an effect is written and read in its database. */
export interface StoreInbox {
  readonly inbox: Inbox<unknown>;
  /** Writes in the transaction that a handler got. */
  write(tx: unknown, key: string, value: string): MaybePromise<void>;
  /** Reads what is committed. */
  read(key: string): MaybePromise<string | undefined>;
}
