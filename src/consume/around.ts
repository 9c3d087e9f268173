import { WaybillError } from "../errors.js";
import type { ChannelKind } from "../contracts/channel.js";
import type { Received } from "./received.js";

/**
 * Runs around a handler: before it, after it, instead of its error. Must call `next` once; what it throws is the
 * handler's failure.
 */
export type AroundHook = (run: HandlerRun, next: () => Promise<void>) => Promise<void>;

/** The run that an around hook wraps. */
export interface HandlerRun {
  readonly service: string;
  readonly channel: string;
  readonly kind: ChannelKind;
  /** One message, or those of a batch. */
  readonly messages: readonly Received[];
  readonly attempt: number;
  readonly signal: AbortSignal;
}

/**
 * Calls `handler` inside the hooks, the first hook outermost, and gives its answer.
 *
 * Calling `next` twice runs the handler once and gives the same promise.
 * @throws {WaybillError} `handlerFailed` if a hook ended without having called `next`: a handler that was skipped by
 * mistake must not look like one that succeeded.
 */
export async function runAround(
  hooks: readonly AroundHook[],
  run: HandlerRun,
  handler: () => unknown,
): Promise<unknown> {
  let answer: unknown;
  const innermost = async (): Promise<void> => {
    answer = await handler();
  };
  const chain = hooks.reduceRight<() => Promise<void>>((inner, hook) => {
    let called: Promise<void> | undefined;
    const next = (): Promise<void> => (called ??= inner());
    return async () => {
      await hook(run, next);
      if (called === undefined) throw skipped(run);
      await called;
    };
  }, innermost);
  await chain();
  return answer;
}

const skipped = ({ service, channel }: HandlerRun): WaybillError =>
  new WaybillError(
    "handlerFailed",
    `an around hook of "${service}" ended on "${channel}" without calling next(): call it once, or throw`,
    { class: "permanent" },
  );
