import type { ConsumerSpec } from "./consume/consumer-spec.js";
import { WaybillError } from "./errors.js";
import type { ServiceSpec } from "./service.js";

/**
 * Refuses a claim check that forgets data while messages still name it, as far as the service's declaration says how long: the
 * time to live of its channels, and what its consumers' retries may take. Dead letters that are redriven later are not known here.
 * @throws {WaybillError} `invalidOption`, with the time that would do.
 */
export function checkRetention(service: ServiceSpec, retentionMs: number): void {
  const refuse = (needMs: number, why: string): void => {
    if (needMs <= retentionMs) return;
    throw new WaybillError(
      "invalidOption",
      `claimCheck.retention is ${daysOf(retentionMs)}, but ${why}: give "${String(Math.ceil(needMs / dayMs))}d" or more`,
    );
  };
  for (const channel of service.sends) {
    const { kind, name, settings } = channel["~channel"];
    const ttlMs = settings.ttlMs ?? 0;
    refuse(ttlMs, `messages of ${kind} "${name}" live ${daysOf(ttlMs)} (its ttl)`);
  }
  for (const spec of service.consumers) {
    const { kind, name, settings } = spec.channel;
    const ttlMs = settings.ttlMs ?? 0;
    const retriesMs = retriesTakeMs(spec);
    refuse(
      ttlMs + retriesMs,
      `"${service.name}" may handle a message of ${kind} "${name}" after ${daysOf(ttlMs)} (its ttl) and ${daysOf(retriesMs)} of retries`,
    );
  }
}

/** What all retries of a message take, with every delay at its longest. */
function retriesTakeMs({ recovery: { attempts, backoff } }: ConsumerSpec): number {
  let sumMs = 0;
  for (let retry = 1; retry < attempts; retry += 1) {
    const delayMs = longestDelay(backoff, retry);
    if (Number.isFinite(delayMs)) sumMs += Math.max(0, delayMs);
  }
  return sumMs;
}

/** A back-off of an application may throw; what becomes of that is said where it is used. */
function longestDelay(backoff: ConsumerSpec["recovery"]["backoff"], retry: number): number {
  try {
    return backoff(retry, () => 1 - Number.EPSILON);
  } catch {
    return 0;
  }
}

const dayMs = 86_400_000;

const daysOf = (ms: number): string => `${String(Math.round((ms / dayMs) * 100) / 100)} days`;
