import { clientOptions } from "./client-options.js";

/**
 * Says so when a client gives its operations less time than {@link clientOptions}; nothing if it does not, or if it cannot be told.
 *
 * A timer of the SDK whose time is that short may throw where nobody catches it, which ends the process: no deadline around a
 * promise of the SDK reaches a timer. Its options are in a field that is no part of what it promises, so this may stop telling and
 * does no more harm.
 */
export function timeOutWarning(client: unknown): string | undefined {
  const timeOutMs = memberOf(memberOf(memberOf(client, "_clientOptions"), "retryOptions"), "timeoutInMs");
  const { timeoutInMs: leastMs } = clientOptions.retryOptions;
  if (typeof timeOutMs !== "number" || timeOutMs >= leastMs) return undefined;
  return (
    `the client that serviceBus() got gives an operation ${String(timeOutMs)} ms: with less than ${String(leastMs)} ms a timer of ` +
    "the SDK may throw where nobody can catch it, which ends the process. Give it the clientOptions of this transport"
  );
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as Record<string, unknown>)[name];
}
