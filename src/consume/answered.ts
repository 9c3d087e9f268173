import { WaybillError } from "../errors.js";
import type { Runtime } from "../runtime/runtime.js";
import { within, type Deadline } from "../transport/within.js";

/**
 * For the answer to a settlement, in milliseconds: twice what an adapter gives its client by default. Beyond it nobody knows
 * whether the message was settled, and its handler's slot is for others.
 */
const answerMs = 60_000;

type Answers = readonly (WaybillError | undefined)[];

/** The answers to a settlement. @throws {WaybillError} {@link isUnanswered} when there are none in time */
export function answered(runtime: Runtime, doing: string, answer: Promise<Answers>): Promise<Answers> {
  return within(deadlineOf(runtime), doing, () => answer).catch((cause: unknown) => {
    throw cause instanceof WaybillError && cause.code === "timeout" ? new Unanswered(doing) : cause;
  });
}

/** Whether a settlement had no answer in time. */
export const isUnanswered = (error: unknown): error is WaybillError => error instanceof Unanswered;

/** Nobody knows what became of a settlement: its class is `ambiguous`. */
class Unanswered extends WaybillError {
  constructor(doing: string) {
    super(
      "settleFailed",
      `${doing}: the transport's receiver has not answered for ${String(answerMs)} ms, it may be settled or not`,
    );
  }
}

/** One for all consumers of a runtime: they share a timer. */
const deadlines = new WeakMap<Runtime, Deadline>();

function deadlineOf(runtime: Runtime): Deadline {
  const known = deadlines.get(runtime);
  if (known !== undefined) return known;
  const made: Deadline = { runtime, operationMs: answerMs };
  deadlines.set(runtime, made);
  return made;
}
