import type { AppEvent } from "../../policy/app-event.js";

/** What happened in a simulation, seen from outside: by senders, handlers, the store and the broker's door. */
export type Happening =
  /** A sender was told what became of its message. */
  | { readonly kind: "told"; readonly process: string; readonly n: number; readonly ok: boolean }
  /** The broker stored a message; `heard` says whether the sender learnt it. */
  | {
      readonly kind: "accepted";
      readonly process: string;
      readonly channel: string;
      readonly id: string;
      readonly brokerId: string | undefined;
      readonly cause: string | undefined;
      readonly body: string;
      readonly delayMs: number | undefined;
      readonly heard: boolean;
    }
  /** The broker did not store a message that was handed to it, as far as its sender knows. */
  | {
      readonly kind: "refused";
      readonly process: string;
      readonly channel: string;
      readonly id: string;
      readonly cause: string | undefined;
    }
  | {
      readonly kind: "received";
      readonly process: string;
      readonly channel: string;
      readonly id: string;
      readonly delivery: number;
      readonly deliveryCount: number;
      readonly lockedUntilMs: number | undefined;
      readonly sequence: number;
      readonly partition: string | undefined;
      /** The session or partition: what one lock, or one owner, holds together. */
      readonly lane: string | undefined;
    }
  | {
      readonly kind: "settled";
      readonly process: string;
      readonly channel: string;
      readonly id: string;
      readonly delivery: number;
      readonly action: string;
      /** Whether the broker took it. */
      readonly ok: boolean;
      /** Whether the process learnt that it did. */
      readonly heard: boolean;
    }
  | {
      readonly kind: "renewed";
      readonly process: string;
      readonly delivery: number;
      /** The new end of the lock, if the broker prolonged it. */
      readonly untilMs: number | undefined;
      readonly told: "ok" | "lost" | "failed";
      readonly crossing: number;
    }
  | {
      readonly kind: "checkpointed";
      readonly process: string;
      readonly partition: string;
      readonly sequence: number;
      readonly ok: boolean;
    }
  | {
      readonly kind: "claimed";
      readonly process: string;
      readonly key: string;
      readonly owner: string;
      readonly answer: "acquired" | "completed" | "busy" | "conflict";
      readonly token: number;
      readonly leaseMs: number;
      readonly heard: boolean;
    }
  | {
      readonly kind: "changed";
      readonly process: string;
      readonly what: "extend" | "complete" | "release";
      readonly key: string;
      readonly token: number;
      readonly owner: string;
      readonly answer: "ok" | "stale";
    }
  /** A process asked at a boundary, and later had its answer. */
  | {
      readonly kind: "asked";
      readonly process: string;
      readonly port: string;
      readonly subject: string;
      readonly id: string;
      readonly crossing: number;
    }
  | {
      readonly kind: "answered";
      readonly process: string;
      readonly port: string;
      readonly subject: string;
      readonly id: string;
      readonly crossing: number;
    }
  | {
      readonly kind: "started";
      readonly process: string;
      readonly run: number;
      readonly channel: string;
      readonly id: string;
      readonly source: string;
      readonly n: number;
      readonly key: string;
      readonly sequence: number;
      readonly partition: string | undefined;
      readonly deliveryCount: number;
      readonly attempt: number;
      readonly recovered: boolean;
      readonly token: number | undefined;
      readonly sendsFollowUp: boolean;
    }
  | { readonly kind: "aborted"; readonly run: number }
  | { readonly kind: "effect"; readonly run: number }
  | { readonly kind: "ended"; readonly run: number; readonly how: "done" | "failed" | "gaveUp" | "asksRetry" }
  | {
      readonly kind: "said";
      readonly process: string;
      readonly event: AppEvent["event"];
      readonly channel: string;
      readonly id: string;
    }
  | { readonly kind: "life"; readonly process: string; readonly step: Life; readonly detail: string }
  | {
      readonly kind: "promise";
      readonly process: string;
      readonly what: string;
      readonly number: number;
      readonly settled: boolean;
    }
  | { readonly kind: "fault"; readonly fault: string; readonly where: string }
  | {
      readonly kind: "letter";
      readonly channel: string;
      readonly id: string;
      readonly reason: string;
      readonly body: string;
      readonly attempts: number;
    }
  | { readonly kind: "rest"; readonly channel: string; readonly messages: number }
  | { readonly kind: "polluted"; readonly where: string };

/** What becomes of a process. */
export type Life = "started" | "crashed" | "paused" | "resumed" | "stopping" | "stopped";

/** A happening, with its time and the choice that led to it. */
export type Recorded = Happening & { readonly atMs: number; readonly choice: number };

/** Keeps what happened, in order. */
export interface History {
  readonly all: readonly Recorded[];
  add(happening: Happening): void;
}

/** An empty history by the clock of a world. */
export function historyOf(world: { readonly nowMs: number; readonly choices: number }): History {
  const all: Recorded[] = [];
  return {
    all,
    add: (happening) => {
      const recorded = happening as Writable<Recorded>;
      recorded.atMs = world.nowMs;
      recorded.choice = world.choices;
      all.push(recorded);
    },
  };
}

/** Happenings are made for the history, which writes onto them: a copy of each would be thrown away at once. */
type Writable<T> = { -readonly [Name in keyof T]: T[Name] };
