import type { UploadContent } from "../claim-check/measured.js";
import type { Attachment } from "../contracts/attachment.js";
import type { Need, Target } from "../contracts/channel.js";
import type { InputOf, Message } from "../contracts/message.js";
import type { SendOptionsFor, Sent } from "../contracts/send-options.js";
import type { Duration } from "../runtime/duration.js";
import type { Received } from "./received.js";

/** What a handler gets beside its message. It belongs to one delivery for ever. */
export interface Context<D, S extends string> extends Files {
  /** What `run()` or `testBus()` was given. */
  readonly deps: D;
  /** Which run of a handler on this message this is: 1 on the first, across copies and restarts. */
  readonly attempt: number;
  /** Fires when the lock is lost, the time limit is reached, or a stopping service runs out of time. */
  readonly signal: AbortSignal;
  readonly idempotency: IdempotencyFacts;
  /**
   * Sends when the handler has succeeded. Resolves once the message is validated and encoded.
   *
   * The message leaves after the handler returned and before its own message is completed; a handler that throws
   * sends nothing. The id is the same on every redelivery.
   * @throws {WaybillError} `invalidMessage`, `notSerialisable`, `tooLarge`, `keyRequired`; `contextEnded` after the
   * handler has ended.
   */
  send<X extends Need, M extends Message>(
    to: Target<S, X, M>,
    data: InputOf<M>,
    options?: SendOptionsFor<X>,
  ): Promise<Sent>;
  /** Sends at once, whatever becomes of the handler. Otherwise as {@link send}; throws what the transport says. */
  sendNow<X extends Need, M extends Message>(
    to: Target<S, X, M>,
    data: InputOf<M>,
    options?: SendOptionsFor<X>,
  ): Promise<Sent>;
  /** Waits, on the virtual clock in tests. Rejects when {@link signal} fires. */
  sleep(duration: Duration): Promise<void>;
}

/** Files beside messages. Need `claimCheck` in the options of `run()`. */
export interface Files {
  /**
   * Streams a file to the store of the claim check, for a message to carry as an attachment. A run that is repeated uploads it
   * again, under another name.
   * @throws {WaybillError} `missingDependency`, `storeFailed`; what the content throws; the signal's reason.
   */
  upload(content: UploadContent, options: { readonly contentType: string }): Promise<Attachment>;
  /**
   * Verifies the size and the digest of an attachment, then gives it as a stream of what was verified. Read it to its end
   * or cancel it; it ends with the handler.
   * @throws {WaybillError} `payloadMismatch`, which dead-letters; `payloadMissing`; `storeFailed`, which waits; `undecodable`,
   * `missingDependency`; the signal's reason.
   */
  download(attachment: Attachment): Promise<ReadableStream<Uint8Array>>;
}

/** A context, with the transaction of the inbox if the consumer has one. */
export type ContextWith<D, S extends string, Tx> = [Tx] extends [never]
  ? Context<D, S>
  : Context<D, S> & { readonly tx: Tx };

/** What a batch handler gets beside its messages. */
export interface BatchContext<D, S extends string> extends Files {
  readonly deps: D;
  readonly signal: AbortSignal;
  /** Sends when the handler has succeeded with `cause`, the message of the batch that leads to this one. */
  send<X extends Need, M extends Message>(
    cause: Received,
    to: Target<S, X, M>,
    data: InputOf<M>,
    options?: SendOptionsFor<X>,
  ): Promise<Sent>;
  /** Waits, on the virtual clock in tests. Rejects when {@link signal} fires. */
  sleep(duration: Duration): Promise<void>;
}

/** What is known of earlier runs, and keys for what the handler calls. */
export interface IdempotencyFacts {
  /**
   * A key for one step of this message's handling: the same on every run, different for every message, consumer and
   * step. Give it to an external system that honours idempotency keys.
   */
  downstreamKey(step: string): string;
  /** An earlier run ended without a trace (a crash, a lost lease): its effects may have happened. */
  readonly recovered: boolean;
  /** Rises with every claim of this message; write it with the effect to fence off a slow earlier run. */
  readonly token: number | undefined;
}
