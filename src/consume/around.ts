import type { ChannelKind } from "../contracts/channel.js";
import type { Received } from "./received.js";

/** Runs around a handler: before it, after it, instead of its error. What it throws is the handler's failure. */
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
 * A hook that does not call `next` skips the handler: the message counts as handled. Calling it twice runs the
 * handler once and gives the same promise.
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
    return () => hook(run, next);
  }, innermost);
  await chain();
  return answer;
}
