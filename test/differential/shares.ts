import type { Sequence } from "./commands.js";
import type { Compared } from "./difference.js";

/** What at least a tenth of the sequences must have met, not only tried. */
export const themes = ["lock expiry", "sessions", "deferral", "dead letters", "subscriptions"] as const;

export type Theme = (typeof themes)[number];

/** The least share of sequences, for each theme. */
export const leastShare = 0.1;

/** What a sequence met, by what was seen on the left. */
export function themesOf({ commands, setting }: Sequence, { history }: Compared): ReadonlySet<Theme> {
  const met = new Set<Theme>();
  const lines = history.flat();
  if (lines.some((line) => line.includes("lockLost")) && commands.some((each) => each.do === "advance")) {
    met.add("lock expiry");
  }
  if (setting.sessions && lines.some((line) => line.includes('"lane":'))) met.add("sessions");
  if (setting.kind === "topic" && lines.some((line) => line.includes('"lockMs":'))) met.add("subscriptions");
  if (lines.some((line) => line.startsWith("deferred "))) met.add("deferral");
  if (lines.some((line) => line.startsWith("letter "))) met.add("dead letters");
  return met;
}
