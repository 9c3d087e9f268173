import { isClaimChecked } from "../claim-check/reference.js";
import { WaybillError } from "../errors.js";
import type { MaybePromise } from "../transport/transport.js";
import { claim, completeClaim, keyOf, releaseClaim, type ClaimMemo } from "./claim.js";
import type { ConsumerSpec } from "./consumer-spec.js";
import { decode, isOwn, type Decoded, type MessageIndex } from "./decode.js";
import type { DeliveryRun } from "./delivery-run.js";
import type { Consumer } from "./environment.js";
import { fail } from "./fail.js";
import { withData } from "./fetch-body.js";
import { runInInbox } from "./inbox-run.js";
import type { Received } from "./received.js";
import type { SendBuffer } from "./handler-context.js";
import type { LockKeeper } from "./lock-keeper.js";
import { dispatch, handle, HandlerRunning, messageOf, type HandlerEnd } from "./run-handler.js";
import type { Slots } from "./slots.js";
import { deadLettered, ignored, type Verdict } from "./verdict.js";
import { waitInPlace } from "./wait.js";

/** What the attempts of one consumer share. */
export interface Attempts {
  readonly consumer: Consumer;
  readonly index: MessageIndex;
  readonly memo: ClaimMemo;
  readonly slots: Slots;
  readonly keeper: LockKeeper;
}

/**
 * Makes attempts at deliveries, one by one: decode, claim, handler, sends, completion of the claim, in this order.
 *
 * Settles nothing and never throws: `judged` is told the verdict, once for each attempt. Where nothing has to be awaited
 * but the handler, nothing else is.
 */
export class Attempter implements HandlerEnd {
  readonly #attempts: Attempts;
  readonly #judged: (run: DeliveryRun, verdict: Verdict) => void;

  constructor(attempts: Attempts, judged: (run: DeliveryRun, verdict: Verdict) => void) {
    this.#attempts = attempts;
    this.#judged = judged;
  }

  attempt(run: DeliveryRun): void {
    if (run.abortCause !== undefined) {
      this.failed(run, run.abortError);
      return;
    }
    let admitted: MaybePromise<Verdict | undefined>;
    try {
      admitted = admit(this.#attempts, run);
    } catch (error) {
      this.failed(run, error);
      return;
    }
    if (admitted instanceof Promise) this.#judge(run, this.#admitted(run, admitted));
    else if (admitted !== undefined) this.#judged(run, admitted);
    else this.#handle(run);
  }

  handled(run: DeliveryRun, verdict: Verdict, sends: SendBuffer): void {
    const { consumer } = this.#attempts;
    if (sends.empty && consumer.spec.idempotency === undefined) this.#judged(run, verdict);
    else this.#judge(run, this.#conclude(run, verdict, sends));
  }

  failed(run: DeliveryRun, error: unknown): void {
    void fail(this.#attempts.consumer, run, error).then((verdict) => {
      this.#judged(run, verdict);
    });
  }

  #judge(run: DeliveryRun, verdict: Promise<Verdict | undefined>): void {
    verdict.then(
      (late) => {
        if (late !== undefined) this.#judged(run, late);
      },
      (error: unknown) => {
        this.failed(run, error);
      },
    );
  }

  async #admitted(run: DeliveryRun, admitted: Promise<Verdict | undefined>): Promise<Verdict | undefined> {
    const early = await admitted;
    if (early === undefined) this.#handle(run);
    return early;
  }

  #handle(run: DeliveryRun): void {
    const { consumer } = this.#attempts;
    const { inbox } = consumer.spec;
    if (inbox === undefined) new HandlerRunning(consumer, run, this).start();
    else this.#judge(run, runInInbox(consumer, run, inbox, handle));
  }

  async #conclude(run: DeliveryRun, verdict: Verdict, sends: SendBuffer): Promise<Verdict> {
    const { consumer, memo } = this.#attempts;
    if (!sends.empty && sendsWith(verdict)) await dispatch(consumer, sends.prepared());
    return concludeClaim(consumer, memo, run, verdict);
  }
}

/**
 * Everything before the handler. Answers nothing if the handler is to run; at once where nothing has to be awaited.
 * @throws whatever makes this attempt a failure.
 */
export function admit(attempts: Attempts, run: DeliveryRun): MaybePromise<Verdict | undefined> {
  const early = read(attempts.consumer, attempts.index, run);
  if (attempts.consumer.spec.idempotency === undefined) return early;
  return claimed(attempts, run, early);
}

async function claimed(
  attempts: Attempts,
  run: DeliveryRun,
  reading: MaybePromise<Verdict | undefined>,
): Promise<Verdict | undefined> {
  const early = await reading;
  const { spec } = attempts.consumer;
  if (early !== undefined || spec.idempotency === undefined) return early;
  const { consumer, memo } = attempts;
  const message = messageOf(run);
  await waitForTwin(attempts, run, message, spec);
  try {
    return await claim(consumer, memo, run, message, spec.idempotency);
  } finally {
    if (run.claim === undefined) run.endClaim?.();
    else attempts.keeper.plan(run);
  }
}

/** How long a message waits for a copy of itself that is handled in this process. */
const twinWaitMs = 30_000;

/** Two copies in one process: the second waits, without a slot, for what the first comes to. */
async function waitForTwin(
  attempts: Attempts,
  run: DeliveryRun,
  message: Received,
  { idempotency, batch }: ConsumerSpec,
): Promise<void> {
  if (idempotency === undefined) return;
  const { consumer, memo, slots } = attempts;
  const key = keyOf(message, idempotency.key);
  const twin = memo.running(key);
  // In a batch the twin may be in the same call, and would wait for this one.
  if (twin !== undefined && batch === undefined) {
    slots.give();
    await waitInPlace(consumer.runtime, run, twinWaitMs, twin);
    await slots.retake([run.work]);
    if (run.abortError !== undefined) throw run.abortError;
  }
  run.endClaim = memo.begin(key);
}

/** Decodes a delivery once and finds its handler. Answers a verdict if no handler is to run. */
function read(consumer: Consumer, index: MessageIndex, run: DeliveryRun): MaybePromise<Verdict | undefined> {
  if (run.message !== undefined) return undefined;
  const { spec } = consumer;
  const { envelope } = run.delivery;
  const { addressedTo } = envelope.history;
  if (addressedTo !== undefined && spec.channel.kind !== "queue" && addressedTo !== spec.as) return ignored;
  if (run.spent >= spec.recovery.attempts) return crashLoop(consumer, run);
  if (run.delivery.defect === undefined && isClaimChecked(envelope)) return readData(consumer, index, run);
  const found = decode(spec.channel, index, run.delivery);
  if (found instanceof Promise) return found.then((decoded) => choose(consumer, run, decoded));
  return choose(consumer, run, found);
}

/** As {@link read}, for a message that has its data elsewhere: it is fetched, if a handler wants it. */
async function readData(
  consumer: Consumer,
  index: MessageIndex,
  run: DeliveryRun,
): Promise<Verdict | undefined> {
  const { channel } = consumer.spec;
  const { envelope } = run.delivery;
  if (isOwn(channel, envelope)) {
    const name = index.get(envelope.type)?.name;
    if (name === undefined) return choose(consumer, run, undefined);
    const unread = unwanted(consumer, name);
    if (unread !== undefined) return unread;
  }
  return choose(consumer, run, await decode(channel, index, await withData(consumer, run)));
}

/** Finds the handler of what was decoded. */
function choose(consumer: Consumer, run: DeliveryRun, decoded: Decoded | undefined): Verdict | undefined {
  const { spec } = consumer;
  if (decoded === undefined) {
    const { envelope } = run.delivery;
    // Whoever reads only some messages of a channel does not want the others.
    if (spec.others === "ignore" || spec.channel.narrowed) return ignored;
    throw new WaybillError(
      "unknownMessageType",
      `${spec.channel.kind} "${spec.channel.name}" carries no message ${JSON.stringify(envelope.type)}: add it to the channel, or read it with foreign`,
    );
  }
  const entry = entryOf(spec, decoded.name);
  if (typeof entry !== "function") return unwanted(consumer, decoded.name);
  run.entry = entry;
  run.message = decoded.message;
  return undefined;
}

const entryOf = (spec: ConsumerSpec, name: string): ConsumerSpec["handlers"][string] =>
  spec.handlers[name] ?? spec.others ?? "ignore";

/** The verdict on a message that no handler wants; nothing if one does. */
function unwanted({ service, spec }: Consumer, name: string): Verdict | undefined {
  const entry = entryOf(spec, name);
  if (entry === "ignore") return ignored;
  if (entry === "deadLetter") return deadLettered(`the handler map of "${service}" dead-letters "${name}"`);
  return undefined;
}

/** Every attempt so far ended without a word: what runs it again and again is not told by any error. */
function crashLoop({ features }: Consumer, { spent }: DeliveryRun): Verdict {
  const orElse = features.uncountedRelease ? "" : ", or it was given back, which this service counts too";
  const verdict = deadLettered(
    `${String(spent)} deliveries ended without an outcome: the process may have crashed on it${orElse}`,
  );
  return verdict.kind === "failed"
    ? { ...verdict, decision: { kind: "deadLetter", reason: "CrashLoop" } }
    : verdict;
}

/** Whether a run's messages are sent: it succeeded, or its handler said where the message goes instead. */
export const sendsWith = (verdict: Verdict): boolean =>
  verdict.kind !== "failed" ||
  (verdict.decision.kind === "deadLetter" && verdict.decision.reason === "Manual");

/** Completes the claim of what succeeded, releases that of what did not. */
export async function concludeClaim(
  consumer: Consumer,
  memo: ClaimMemo,
  run: DeliveryRun,
  verdict: Verdict,
): Promise<Verdict> {
  if (consumer.spec.idempotency === undefined) return verdict;
  if (verdict.kind !== "complete") {
    await releaseClaim(consumer, run);
    return verdict;
  }
  return (await completeClaim(consumer, memo, run, consumer.spec.idempotency)) ?? verdict;
}
