import { WaybillError } from "../errors.js";
import { isSettlement, type Settlement } from "../message/settlement.js";
import type { Classified } from "../policy/classify.js";
import { runAround } from "./around.js";
import type { DeliveryRun } from "./delivery-run.js";
import type { Consumer } from "./environment.js";
import { decideFor, HandlerFailure } from "./fail.js";
import { HandlerContext, SendBuffer } from "./handler-context.js";
import type { Received } from "./received.js";
import { deadLettered, type Verdict } from "./verdict.js";

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

export function messageOf(run: DeliveryRun): Received {
  if (run.message === undefined) throw new TypeError("the delivery is not decoded yet");
  return run.message;
}

function entryOf(run: DeliveryRun): (message: Received, context: object) => unknown {
  const { entry } = run;
  if (typeof entry !== "function") throw new TypeError("the delivery has no handler");
  return entry;
}
