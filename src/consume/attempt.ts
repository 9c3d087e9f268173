import { WaybillError } from "../errors.js";
import { isSettlement, type Settlement } from "../message/settlement.js";
import { classify, type Classified } from "../policy/classify.js";
import { decide, type Decision } from "../policy/decide.js";
import { runAround } from "./around.js";
import { abandonClaim, claim, completeClaim, keyOf, releaseClaim, type ClaimMemo } from "./claim.js";
import type { ConsumerSpec } from "./consumer-spec.js";
import { decode, type Decoded, type MessageIndex } from "./decode.js";
import type { DeliveryRun } from "./delivery-run.js";
import { eventFields, type Consumer } from "./environment.js";
import { guardedPolicy } from "./guarded-policy.js";
import { HandlerContext, SendBuffer } from "./handler-context.js";
import { runInInbox } from "./inbox-run.js";
import type { Received } from "./received.js";
import type { Slots } from "./slots.js";
import { deadLettered, ignored, leave, type Verdict } from "./verdict.js";
import { waitInPlace } from "./wait.js";
import type { MaybePromise } from "../transport/transport.js";

/** What the attempts of one consumer share. */
export interface Attempts {
  readonly consumer: Consumer;
  readonly index: MessageIndex;
  readonly memo: ClaimMemo;
  readonly slots: Slots;
}

/**
 * Makes one attempt at a delivery: decode, claim, handler, sends, completion of the claim, in this order.
 *
 * Settles nothing and never throws: the verdict says what is to happen.
 */
export async function attempt(attempts: Attempts, run: DeliveryRun): Promise<Verdict> {
  const { consumer } = attempts;
  if (run.abortCause !== undefined) return fail(consumer, run, run.abortError);
  try {
    const admitted = admit(attempts, run);
    const early = admitted instanceof Promise ? await admitted : admitted;
    if (early !== undefined) return early;
    if (consumer.spec.inbox !== undefined)
      return await runInInbox(consumer, run, consumer.spec.inbox, handle);
    const { verdict, sends } = await handle(consumer, run, undefined);
    if (!sends.empty && sendsWith(verdict)) await dispatch(consumer, sends.prepared());
    if (consumer.spec.idempotency === undefined) return verdict;
    return await concludeClaim(consumer, attempts.memo, run, verdict);
  } catch (error) {
    return fail(consumer, run, error);
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
  if (run.spent >= spec.recovery.attempts) return crashLoop(run);
  const found = decode(spec.channel, index, run.delivery);
  if (found instanceof Promise) return found.then((decoded) => choose(consumer, run, decoded));
  return choose(consumer, run, found);
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
  const entry = spec.handlers[decoded.name] ?? spec.others;
  if (entry === undefined || entry === "ignore") return ignored;
  if (entry === "deadLetter")
    return deadLettered(`the handler map of "${consumer.service}" dead-letters "${decoded.name}"`);
  run.entry = entry;
  run.message = decoded.message;
  return undefined;
}

/** Every attempt so far ended without a word: what runs it again and again is not told by any error. */
function crashLoop(run: DeliveryRun): Verdict {
  const verdict = deadLettered(
    `${String(run.spent)} deliveries ended without an outcome: the process may have crashed on it`,
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

/** What a handler run came to, and what it wants to send. */
export interface Handled {
  readonly verdict: Verdict;
  readonly sends: SendBuffer;
}

/**
 * Runs the handler on a message.
 * @throws whatever the handler throws, and what a send of its failed with that it did not look at.
 */
export async function handle(consumer: Consumer, run: DeliveryRun, tx: unknown): Promise<Handled> {
  const message = messageOf(run);
  const sends = new SendBuffer(consumer);
  const context = new HandlerContext(consumer, run, message, sends, tx);
  const startedMs = consumer.runtime.elapsed();
  try {
    const answer = await invoke(consumer, [run], [message], () => entryOf(run)(message, context));
    if (!sends.empty) await sends.close();
    const durationMs = consumer.runtime.elapsed() - startedMs;
    return { verdict: verdictOf(consumer, run, answer, durationMs), sends };
  } catch (error) {
    throw new HandlerFailure(error);
  } finally {
    sends.refuse();
  }
}

/** Marks an error as the handler's own: the run has spent an attempt. */
export class HandlerFailure extends Error {
  readonly error: unknown;
  constructor(error: unknown) {
    super("the handler failed");
    this.error = error;
  }
}

/** Time that an aborted handler has to end before its slot is freed. */
const graceMs = 5000;

/** Calls a handler inside the hooks. A handler that goes on after its abort is given up after a grace. */
export function invoke(
  consumer: Consumer,
  runs: readonly DeliveryRun[],
  messages: readonly Received[],
  call: () => unknown,
): Promise<unknown> {
  const { runtime, spec } = consumer;
  return new Promise((resolve, reject) => {
    let over = false;
    const end = (): void => {
      // A handler that ends after it was given up finds its runs in another wait.
      if (!over) for (const each of runs) each.onAbort(undefined);
      over = true;
    };
    for (const each of runs) {
      each.onAbort((error) => {
        runtime.after(graceMs, () => {
          if (over) return;
          each.zombie = true;
          end();
          reject(error);
        });
      });
    }
    const answer = runtime.port("handler", spec.channel.name, messages[0]?.id ?? "", () =>
      callInside(consumer, runs, messages, call),
    );
    answer.then(resolve, reject).then(end, end);
  });
}

/** Calls the handler, inside the hooks if there are any; a synchronous throw becomes a rejection. */
function callInside(
  { around, service, spec: { channel } }: Consumer,
  [first]: readonly DeliveryRun[],
  messages: readonly Received[],
  call: () => unknown,
): Promise<unknown> {
  try {
    if (around.length === 0 || first === undefined) return Promise.resolve(call());
    const { name, kind } = channel;
    const { signal, spent } = first;
    return runAround(around, { service, channel: name, kind, messages, attempt: spent + 1, signal }, call);
  } catch (error) {
    const thrown = error as Error;
    return Promise.reject(thrown);
  }
}

/** Sends what a handler wants to send. @throws the error of the first message that was not accepted. */
export async function dispatch(
  consumer: Consumer,
  messages: ReturnType<SendBuffer["prepared"]>,
): Promise<void> {
  if (messages.length === 0) return;
  const results = await consumer.outbound.dispatch(messages);
  for (const result of results) if (!result.ok) throw result.error;
}

/** What a handler's answer means. */
export function verdictOf(
  consumer: Consumer,
  run: DeliveryRun,
  answer: unknown,
  durationMs: number,
): Verdict {
  if (answer === undefined || answer === null) return { kind: "complete", how: "handled", durationMs };
  if (!isSettlement(answer)) {
    throw new WaybillError(
      "handlerFailed",
      `the handler of "${consumer.spec.channel.name}" returned ${typeof answer}: return nothing, or a settlement such as retry() or deadLetter()`,
      { class: "permanent" },
    );
  }
  return settlementVerdict(consumer, run, answer);
}

function settlementVerdict(consumer: Consumer, run: DeliveryRun, settlement: Settlement): Verdict {
  switch (settlement["~settlement"]) {
    case "defer":
      if (consumer.features.defer) return { kind: "defer" };
      run.spent += 1;
      return deadLettered("the handler asked to defer it, which its transport cannot do");
    case "deadLetter":
    case "park":
    case "reject":
      run.spent += 1;
      return deadLettered(settlement.description);
    case "retry": {
      const failure: Classified = {
        class: "unknown",
        reason: "MaxAttempts",
        name: "retry",
        code: undefined,
        message: "the handler asked for another run",
        stack: undefined,
        hintMs: settlement.afterMs,
      };
      return { kind: "failed", failure, decision: decideFor(consumer, run, failure, false, true) };
    }
  }
}

/** Turns whatever went wrong into a verdict, and gives the claim back. */
export async function fail(consumer: Consumer, run: DeliveryRun, thrown: unknown): Promise<Verdict> {
  const ran = thrown instanceof HandlerFailure;
  const error = thrown instanceof HandlerFailure ? thrown.error : thrown;
  // A handler that still runs keeps its claim, so that nobody runs beside it before the lease has ended.
  // One that was taken over and not used keeps saying so to the next owner: a release would make it forget.
  if (run.zombie || (run.claimRecovered && !ran)) abandonClaim(run);
  else await releaseClaim(consumer, run);
  if (run.abortCause === "lockLost" || run.abortCause === "fenced")
    return leave(`the lock was lost: ${run.abortError?.message ?? ""}`);
  const failure = failureOf(run, error);
  if (ran && failure.class !== "cancelled") {
    consumer.emit?.({ event: "handlerFailed", error, ...eventFields(consumer, run.delivery, run.spent + 1) });
  }
  const givenUp = ran && consumer.spec.giveUpOn.some((type) => error instanceof type);
  return { kind: "failed", failure, decision: decideFor(consumer, run, failure, givenUp, ran) };
}

/** A run that was told to end failed for that reason, whatever it threw. */
function failureOf(run: DeliveryRun, error: unknown): Classified {
  if (run.abortCause === undefined) return classify(error);
  return classify(run.abortError);
}

/** Decides, and books the attempt. */
function decideFor(
  consumer: Consumer,
  run: DeliveryRun,
  failure: Classified,
  givenUp: boolean,
  ran: boolean,
): Decision {
  const { runtime, spec, can } = consumer;
  const { envelope } = run.delivery;
  const nowMs = runtime.now();
  if (failure.class !== "cancelled") run.firstFailedAt ??= new Date(nowMs).toISOString();
  // What nobody knows how to judge is tried as often as a handler is, also where none has run.
  const attempts = run.spent + (ran || failure.class === "unknown" ? 1 : 0);
  const decision = decide(
    {
      class: failure.class,
      reason: failure.reason,
      givenUp,
      attempts,
      immediateUsed: run.immediateUsed,
      hintMs: failure.hintMs,
      failingMs: run.firstFailedAt === undefined ? 0 : nowMs - Date.parse(run.firstFailedAt),
      heldMs: run.heldSinceMs === undefined ? 0 : nowMs - run.heldSinceMs,
      can,
    },
    guardedPolicy(consumer),
    () => runtime.random(`backoff ${spec.channel.name} ${envelope.id} ${String(attempts)}`),
  );
  if (spends(decision)) run.spent = attempts;
  return decision;
}

function spends(decision: Decision): boolean {
  switch (decision.kind) {
    case "retryNow":
    case "deadLetter":
    case "discard":
      return true;
    case "retryAfter":
    case "holdLane":
    case "release":
      return decision.counted;
    case "leave":
      return false;
  }
}

export function messageOf(run: DeliveryRun): Received {
  if (run.message === undefined) throw new TypeError("the delivery is not decoded yet");
  return run.message;
}

function entryOf(run: DeliveryRun): (message: Received, context: object) => unknown {
  const { entry } = run;
  if (typeof entry !== "function") throw new TypeError("the delivery has no handler");
  return entry;
}
