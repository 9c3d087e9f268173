import type { TransportName } from "./points.js";

/** What a process is told at its start. */
export interface Life {
  readonly transport: TransportName;
  readonly connectionString: string;
  /** Absent: it lives until it is told to stop. */
  readonly death?: { readonly point: string; readonly victim: string };
  /** Whether its consumer is idempotent. */
  readonly idempotent: boolean;
  /** A deliberate mistake: it settles what it receives before the handler has run. */
  readonly settlesFirst: boolean;
}

/** What the parent keeps for its children. */
export type Kept = "ledger" | "idempotency" | "checkpoints" | "park";

/** What a child says. */
export type FromChild =
  | { readonly kind: "ready" }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly why: string }
  | {
      readonly kind: "call";
      readonly call: number;
      readonly on: Kept;
      readonly method: string;
      readonly args: readonly unknown[];
    };

/** What a child is told. */
export type FromParent =
  { readonly kind: "stop" } | { readonly kind: "answer"; readonly call: number; readonly value: unknown };

/** What a handler tells of itself when it begins, and of its effect. */
export interface Told {
  readonly id: string;
  /** The same for each run of one message's handler. */
  readonly key: string;
  readonly attempt: number;
  readonly recovered: boolean;
  readonly token: number | undefined;
}
