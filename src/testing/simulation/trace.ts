import { digest } from "../../runtime/hash.js";
import type { Recorded } from "./history.js";
import type { Schedule } from "./simulate.js";
import type { Actor, GateName } from "./world.js";

/** A schedule as text: one line per choice, made when it is asked for. */
export function traceOf({ steps }: Pick<Schedule, "steps">): readonly string[] {
  return steps.map(({ choice, passedMs, gate }) => {
    const name = gate === undefined ? "time" : `${nameOf(gate.actor, gate.name)} ${gate.side}`.trimEnd();
    return `${choice} +${(passedMs / 1000).toFixed(3)}s ${name}`;
  });
}

/** The name of a gate as one text. */
export function nameOf({ name }: Actor, { what, subject, id, nth }: GateName): string {
  const parts = [name, what, subject, id, nth > 1 ? `#${nth}` : ""];
  return parts.filter((part) => part !== "").join(" ");
}

/** Over the trace and the history: the same seed gives the same. */
export const hashOf = (schedule: Pick<Schedule, "steps" | "history">): string =>
  digest([...traceOf(schedule), ...schedule.history.map(lineOf)].join("\n"));

/** A happening as it counts into the hash: no engine-made texts. */
function lineOf(happening: Recorded): string {
  const { kind, choice } = happening;
  if ("id" in happening) return `${choice} ${kind} ${happening.id}`;
  return "run" in happening ? `${choice} ${kind} ${happening.run}` : `${choice} ${kind}`;
}
