import { durationMs, type Duration } from "../runtime/duration.js";

/** Asks for another run, later if `after` says so. Counts as an attempt. */
export interface Retry {
  readonly "~settlement": "retry";
  readonly afterMs: number | undefined;
}

/** Puts the message into the dead-letter queue, for people. */
export interface DeadLetter {
  readonly "~settlement": "deadLetter";
  readonly description: string;
}

/** Keeps the message in the broker, out of sight, until it is fetched by its sequence number. */
export interface Defer {
  readonly "~settlement": "defer";
}

/** Puts the event aside, for people, and goes on with the partition. */
export interface Park {
  readonly "~settlement": "park";
  readonly description: string;
}

/** Refuses the notification: the service dead-letters or drops it, as the listener is configured. */
export interface Reject {
  readonly "~settlement": "reject";
  readonly description: string;
}

/** What a handler of a queue or a topic may return instead of nothing. */
export type QueueSettlement = Retry | DeadLetter | Defer;

/** What a handler of a stream may return instead of nothing. */
export type StreamSettlement = Retry | Park;

/** What a listener may return instead of nothing. */
export type ListenerSettlement = Retry | Reject;

export type Settlement = QueueSettlement | StreamSettlement | ListenerSettlement;

/**
 * Returned by a handler: asks for another run. It counts as an attempt, so the retry policy bounds it.
 * @throws {WaybillError} `invalidOption` if `after` is no duration.
 */
export const retry = (options: { readonly after?: Duration } = {}): Retry => ({
  "~settlement": "retry",
  afterMs: options.after === undefined ? undefined : durationMs(options.after, "after of retry()"),
});

/** Returned by a handler of a queue or topic: dead-letters the message with reason `Manual` and this description. */
export const deadLetter = (description: string): DeadLetter => ({ "~settlement": "deadLetter", description });

/** Returned by a handler of a queue or topic: keeps the message until it is fetched by its sequence number. */
export const defer = (): Defer => ({ "~settlement": "defer" });

/** Returned by a handler of a stream: puts the event aside with this description and goes on. */
export const park = (description: string): Park => ({ "~settlement": "park", description });

/** Returned by a listener: refuses the notification with this description. */
export const reject = (description: string): Reject => ({ "~settlement": "reject", description });

/** Whether a handler's answer is a settlement; any other answer is ignored by the types and refused at run time. */
export const isSettlement = (value: unknown): value is Settlement =>
  typeof value === "object" && value !== null && "~settlement" in value;
