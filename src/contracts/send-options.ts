import type { Duration } from "../runtime/duration.js";
import type { HeaderValue } from "../message/envelope.js";
import type { Need } from "./channel.js";

/** What a sender may say of a message besides its data. */
export interface SendOptions {
  /**
   * The message id: 1 to 128 characters. Default: from a handler, a hash over the message in hand, so that a
   * redelivery repeats it; otherwise a new UUID. Give one to make a repeated send recognisable.
   */
  readonly id?: string;
  /** Overrides the key that the contract computes. */
  readonly key?: string;
  /** Properties of the application. Names must not begin with `wb` or `cloudEvents`. */
  readonly headers?: Readonly<Record<string, HeaderValue>>;
  /** Ties messages of one conversation together. Default: that of the message in hand, or the message's own id. */
  readonly correlationId?: string;
  /** Where an answer is expected: carried, never acted on. */
  readonly replyTo?: string;
  /** How long the message stays deliverable. Default: the channel's. */
  readonly ttl?: Duration;
}

/** What a sender may say on a channel declared `scheduled: true`: also when. */
export interface ScheduledSendOptions extends SendOptions {
  /** Makes the message receivable this long from now. Not together with `at`. */
  readonly delay?: Duration;
  /** Makes the message receivable at this time; a time in the past means now. */
  readonly at?: Date;
}

/** The options of a send to a channel with these needs. */
export type SendOptionsFor<X extends Need> =
  Extract<X, `${string}:scheduling`> extends never ? SendOptions : ScheduledSendOptions;

/** What a send gives back. */
export interface Sent {
  /** The message id. */
  readonly id: string;
  /** Cancels a scheduled message, where the transport can. */
  readonly scheduleToken?: string;
}

/** What became of one message of `sendMany`. */
export type SendOutcome =
  | ({ readonly ok: true } & Sent)
  | { readonly ok: false; readonly id: string | undefined; readonly error: Error };
