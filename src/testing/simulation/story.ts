import type { Outcome } from "./campaign.js";
import type { Recorded } from "./history.js";
import { hashOf, traceOf } from "./trace.js";

const longest = 150;

/** Tells a failed schedule to a person: what failed, what was drawn, and what happened to the messages concerned. */
export function storyOf({ schedule, findings }: Outcome): string {
  const { seed, swarm, size, choices } = schedule;
  // Messages are named m1, foreign-900, or by the digest that a follow-up has; processes and counts concern all.
  const isMessage = (name: string): boolean => /^(m\d+|foreign-\d+|[\w-]{22})$/.test(name);
  const names = new Set(
    findings.flatMap(({ text }) => text.match(/[\w-]*\d[\w-]*/g) ?? []).filter(isMessage),
  );
  const concerned = (text: string): boolean =>
    [...names].some((name) => text.split(/[\s":,]+/).includes(name));
  const lines: [number, string][] = traceOf(schedule).map((line) => [Number(line.split(" ")[0]), line]);
  for (const each of schedule.history) lines.push([each.choice, `    ${told(each)}`]);
  const shown = lines
    .sort(([left], [right]) => left - right)
    .filter(([, line]) => always(line) || concerned(line));
  return [
    `seed ${seed}: ${choices} choices, trace ${hashOf(schedule)}`,
    ...findings.slice(0, 10).map(({ invariant, text }) => `  ${invariant}: ${text}`),
    `size ${JSON.stringify(size)}`,
    `swarm ${JSON.stringify(swarm)}`,
    ...shown.slice(0, longest).map(([, line]) => line),
    ...(shown.length > longest ? [`… and ${shown.length - longest} more lines`] : []),
  ].join("\n");
}

/** What concerns every message. */
const always = (line: string): boolean => line.startsWith("    life ") || line.startsWith("    fault ");

function told(each: Recorded): string {
  const { kind, atMs: _at, choice: _choice, ...rest } = each;
  return `${kind} ${JSON.stringify(rest)}`;
}
