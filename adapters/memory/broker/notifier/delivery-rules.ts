import { namespaceReasons, pushReasons } from "./dead-letter.js";

/** What an endpoint said, or why it said nothing. */
export type DeliveryAnswer =
  | {
      readonly status: number;
      /** Lower-case names. */
      readonly headers?: Readonly<Record<string, string | undefined>>;
      readonly body?: string;
    }
  | { readonly failure: "SocketError" | "ResolutionError" | "TimedOut" };

/** An attempt that did not succeed. */
export interface DeliveryFailure {
  readonly outcome: string;
  readonly status?: number;
}

/** How one kind of push subscription retries and gives up. */
export interface DeliveryRules {
  /** Bound and default of the attempts. */
  readonly maxAttempts: number;
  /** The wait after attempt n; the last one repeats. */
  readonly retryDelaysMs: readonly number[];
  /** Statuses after which an event is given up at once. */
  readonly finalStatuses: readonly number[];
  readonly reasons: { readonly attempts: string; readonly expired: string; readonly clientError: string };
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Custom topics, webhook. Source: delivery-and-retry.md. */
export const webhookRules: DeliveryRules = {
  maxAttempts: 30,
  retryDelaysMs: [
    10 * second,
    30 * second,
    minute,
    5 * minute,
    10 * minute,
    30 * minute,
    hour,
    3 * hour,
    6 * hour,
    12 * hour,
  ],
  finalStatuses: [400, 401, 403, 413],
  reasons: pushReasons,
};

/** Custom topics, other Azure resources as destinations: 401 is retried. */
export const azureResourceRules: DeliveryRules = { ...webhookRules, finalStatuses: [400, 403, 413] };

/** Namespaces. Source: namespace-delivery-retry.md; 413 is assumed to be final as it is in custom topics. */
export const namespaceRules: DeliveryRules = {
  maxAttempts: 10,
  retryDelaysMs: [10 * second, 30 * second, minute, 5 * minute],
  finalStatuses: [400, 401, 403, 404, 413, 414],
  reasons: namespaceReasons,
};

/** Why an answer is a failure; undefined for 200 to 204, which alone end a delivery. */
export function failureOf(answer: DeliveryAnswer): DeliveryFailure | undefined {
  if ("failure" in answer) return { outcome: answer.failure };
  const { status } = answer;
  if (status >= 200 && status <= 204) return undefined;
  return { outcome: outcomes.get(status) ?? "GenericError", status };
}

/** What follows a failed attempt: a wait, or the reason to give the event up. */
export function afterFailure(
  rules: DeliveryRules,
  failure: DeliveryFailure,
  attempts: { readonly made: number; readonly max: number },
): { readonly delayMs: number } | { readonly reason: string } {
  const { status } = failure;
  if (status !== undefined && rules.finalStatuses.includes(status))
    return { reason: finalReason(rules, status) };
  if (attempts.made >= attempts.max) return { reason: rules.reasons.attempts };
  const scheduledMs = rules.retryDelaysMs[Math.min(attempts.made, rules.retryDelaysMs.length) - 1] ?? 0;
  return { delayMs: Math.max(scheduledMs, minimumWaits.get(status ?? 0) ?? 10 * second) };
}

const outcomes: ReadonlyMap<number, string> = new Map([
  [400, "BadRequest"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "NotFound"],
  [408, "TimedOut"],
  [413, "PayloadTooLarge"],
  [429, "Busy"],
  [503, "Busy"],
]);

/** Shortest waits after a status; 10 s after any other. The table of Azure resources, applied to every endpoint. */
const minimumWaits: ReadonlyMap<number, number> = new Map([
  [401, 5 * minute],
  [404, 5 * minute],
  [408, 2 * minute],
  [503, 30 * second],
]);

function finalReason(rules: DeliveryRules, status: number): string {
  return rules.reasons === pushReasons && status === 400 ? pushReasons.badRequest : rules.reasons.clientError;
}
