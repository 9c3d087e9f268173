/**
 * Says so when a client of an Azure SDK retries by itself; nothing if it does not, or if it cannot be told.
 *
 * The SDKs keep their options in a field that is no part of what they promise, so this may stop telling and does no more harm.
 * Default of `maxRetries`: 3 (`@azure/core-amqp`, `retry.ts`).
 */
export function retryWarning(client: unknown, what: string): string | undefined {
  const options = memberOf(client, "_clientOptions");
  if (options === undefined) return undefined;
  const retries = memberOf(memberOf(options, "retryOptions"), "maxRetries") ?? 3;
  if (retries === 0) return undefined;
  return (
    `the client that ${what} got retries by itself: failures come here late, and count twice. ` +
    "Give it the clientOptions of this transport"
  );
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as Record<string, unknown>)[name];
}
