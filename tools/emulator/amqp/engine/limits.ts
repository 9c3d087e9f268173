import type { EngineLimits } from "./engine.js";

export const defaultLimits: EngineLimits = {
  maxFrameBytes: 65_536,
  maxMessageBytes: 104_857_600,
  maxPartialBytes: 536_870_912,
  maxSessions: 2_048,
  maxLinks: 4_096,
  maxAttachBytes: 8_388_608,
  maxUnsettled: 50_000,
  maxDepth: 32,
  maxUnreadBytes: 4_194_304,
  handshakeMs: 10_000,
  idleMs: 120_000,
  closeMs: 1_000,
  maxConnections: 5_000,
};

/** Fills in the defaults. */
export function engineLimits(given: Partial<EngineLimits> = {}): EngineLimits {
  return { ...defaultLimits, ...given };
}
