import { WaybillError } from "../errors.js";
import { isSettlement, type Settlement } from "../message/settlement.js";
import type { Classified } from "../policy/classify.js";
import type { DeliveryRun } from "./delivery-run.js";
import type { Consumer } from "./environment.js";
import { decideFor, HandlerFailure } from "./fail.js";
import { HandlerContext, SendBuffer } from "./handler-context.js";
import { HandlerCall, type Caller } from "./handler-call.js";
import type { Received } from "./received.js";
import { deadLettered, type Verdict } from "./verdict.js";

/** What a handler run came to, and what it wants to send. */
export interface Handled {
  readonly verdict: Verdict;
  readonly sends: SendBuffer;
}

/** Told once what a handler run came to. A failure is the handler's, or of a send of its that it did not look at. */
export interface HandlerEnd {
  handled(run: DeliveryRun, verdict: Verdict, sends: SendBuffer): void;
  failed(run: DeliveryRun, failure: HandlerFailure): void;
}

/** Runs the handler on a message: one attempt. */
export class HandlerRunning implements Caller {
  readonly #consumer: Consumer;
  readonly #run: DeliveryRun;
  readonly #end: HandlerEnd;
  readonly #sends: SendBuffer;
  readonly #startedMs: number;
  #context: HandlerContext | undefined;

  constructor(consumer: Consumer, run: DeliveryRun, end: HandlerEnd) {
    this.#consumer = consumer;
    this.#run = run;
    this.#end = end;
    this.#sends = new SendBuffer(consumer);
    this.#startedMs = elapsed(consumer);
  }

  start(tx?: unknown): void {
    const run = this.#run;
    const message = messageOf(run);
    const context = new HandlerContext(this.#consumer, run, message, this.#sends, tx);
    this.#context = context;
    new HandlerCall(this.#consumer, [run], this).start([message], () => entryOf(run)(message, context));
  }

  answered(answer: unknown): void {
    this.#context?.end();
    const sends = this.#sends;
    if (sends.empty) this.#conclude(answer);
    else
      sends.close().then(
        () => {
          this.#conclude(answer);
        },
        (error: unknown) => {
          this.threw(error);
        },
      );
  }

  threw(error: unknown): void {
    this.#context?.end();
    this.#sends.refuse();
    this.#end.failed(this.#run, new HandlerFailure(error));
  }

  #conclude(answer: unknown): void {
    this.#sends.refuse();
    let verdict: Verdict;
    try {
      const durationMs = elapsed(this.#consumer) - this.#startedMs;
      verdict = verdictOf(this.#consumer, this.#run, answer, durationMs);
    } catch (error) {
      this.#end.failed(this.#run, new HandlerFailure(error));
      return;
    }
    this.#end.handled(this.#run, verdict, this.#sends);
  }
}

/** As {@link HandlerRunning}, as a promise. @throws {HandlerFailure} */
export const handle = (consumer: Consumer, run: DeliveryRun, tx: unknown): Promise<Handled> =>
  new Promise((resolve, reject) => {
    const end: HandlerEnd = {
      handled: (_run, verdict, sends) => {
        resolve({ verdict, sends });
      },
      failed: (_run, failure) => {
        reject(failure);
      },
    };
    new HandlerRunning(consumer, run, end).start(tx);
  });

/** Measured for the events only. */
export const elapsed = ({ emit, runtime }: Consumer): number => (emit === undefined ? 0 : runtime.elapsed());

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
