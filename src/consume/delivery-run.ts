import type { WaybillError } from "../errors.js";
import type { Work } from "../runtime/activity.js";
import type { Member } from "../runtime/roster.js";
import { attemptsBefore } from "../policy/attempts.js";
import type { ClaimHandle } from "../store/idempotency-store.js";
import type { Delivery } from "../transport/transport.js";
import type { HandlerEntry } from "./consumer-spec.js";
import type { Received } from "./received.js";

/** Why a run was told to end. */
export type AbortCause = "lockLost" | "fenced" | "overdue" | "stopping";

/** Something that goes on until it ends by itself or its run is told to end. */
export interface Wait {
  /** The run was told to end. */
  interrupted(run: DeliveryRun, error: WaybillError): void;
}

/**
 * One delivery on its way through this process: from the moment it is accepted until it is settled or left.
 *
 * The object belongs to its delivery for ever; nothing of it is reused.
 */
export class DeliveryRun implements Member<DeliveryRun> {
  readonly delivery: Delivery;
  readonly work: Work;
  /** It waits for its handler: until then it does not keep virtual time from moving. */
  parked = false;
  /** Handler runs that the message has spent. */
  spent: number;
  immediateUsed = 0;
  /** When it first held back its lane, if it did. */
  heldSinceMs: number | undefined;
  /** Ends its wait, while it waits in place. */
  interruptWait: (() => void) | undefined;
  firstFailedAt: string | undefined;
  /** When its lock ends, when lock and claim are renewed, when it has taken too long: whatever applies. */
  lockedUntilMs: number | undefined;
  renewAtMs: number | undefined;
  extendAtMs: number | undefined;
  overdueAtMs: number | undefined;
  /** What it was decoded to: done once, however often the handler runs. */
  message: Received | undefined;
  entry: HandlerEntry | undefined;
  /** A digest of what came, where its data was not in the message. */
  fingerprint: string | undefined;
  claim: ClaimHandle | undefined;
  claimRecovered = false;
  /** Tells those of this process that wait for the claim that it has ended. */
  endClaim: (() => void) | undefined;
  /** Its handler ignored the abort and still runs. */
  zombie = false;
  /** A settlement was refused because the delivery is not this process's any more: no other one can succeed. */
  gone = false;
  /** Its settlement failed and is tried again, because it has nowhere to go back to; since then, wall clock. */
  unsettledSinceMs: number | undefined;
  /** A settlement was not answered in time: it may be done. */
  unanswered = false;
  /** Why its store could not be asked, or not be told: told with what becomes of the delivery. */
  storeFailure: WaybillError | undefined;
  /** Why nobody settled it, for people. */
  whyLeft = "it was not settled";
  /** Set once it is settled or left: nothing may happen to it any more. */
  ended = false;
  before: DeliveryRun | undefined;
  after: DeliveryRun | undefined;
  present = false;
  #controller: AbortController | undefined;
  #aborted: { cause: AbortCause; error: WaybillError } | undefined;
  #wait: Wait | undefined;

  constructor(delivery: Delivery, work: Work, history = delivery.envelope.history) {
    this.delivery = delivery;
    this.work = work;
    this.spent = attemptsBefore(delivery, history);
    this.firstFailedAt = history.firstFailedAt;
    this.lockedUntilMs = delivery.lockedUntilMs;
  }

  /** Fires when the run must end. Made only when somebody looks. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.error);
    }
    return this.#controller.signal;
  }

  /** Why the run was told to end, if it was. */
  get abortCause(): AbortCause | undefined {
    return this.#aborted?.cause;
  }

  get abortError(): WaybillError | undefined {
    return this.#aborted?.error;
  }

  /** Tells the run to end: the signal fires, waits end. The first cause stays, unless the lock is lost. */
  abort(cause: AbortCause, error: WaybillError): void {
    if (this.ended || (this.#aborted !== undefined && cause !== "lockLost")) return;
    this.#aborted = { cause, error };
    this.#controller?.abort(error);
    this.#wait?.interrupted(this, error);
  }

  /** Decodes anew for the next attempt: what a handler did to its data, the next run does not see. */
  forgetMessage(): void {
    this.message = undefined;
    this.entry = undefined;
  }

  /** A new attempt in this process after one that took too long or was fenced off: it has its own signal. */
  restart(): void {
    if (this.#aborted?.cause !== "overdue" && this.#aborted?.cause !== "fenced") return;
    this.#aborted = undefined;
    this.#controller = undefined;
    this.zombie = false;
  }

  /** What is interrupted when the run is told to end, at once if it is already. One wait at a time. */
  waitsFor(wait: Wait | undefined): void {
    this.#wait = wait;
    if (this.#aborted !== undefined) wait?.interrupted(this, this.#aborted.error);
  }
}
