import { defaultBackoff } from "../policy/backoff.js";
import type { RecoveryPolicy } from "../policy/decide.js";
import type { Consumer } from "./environment.js";

/**
 * The consumer's policy, with the default back-off where its own one throws: a broken policy must not cost the message
 * its retry. It is told once for each decision.
 */
export function guardedPolicy({ spec, service, emit }: Consumer): RecoveryPolicy {
  const { recovery } = spec;
  let told = false;
  return {
    ...recovery,
    backoff: (retryNumber, draw) => {
      try {
        return recovery.backoff(retryNumber, draw);
      } catch (error) {
        const text = `retry.backoff of "${spec.channel.name}" threw, so the default one was asked: ${nameOf(error)}`;
        if (!told) emit?.({ event: "warning", service, text });
        told = true;
        return defaultBackoff(retryNumber, draw);
      }
    },
  };
}

/** The message may hold what a log must not show. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
