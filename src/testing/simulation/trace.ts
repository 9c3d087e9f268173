import { digest } from "../../runtime/hash.js";
import type { Recorded } from "./history.js";
import type { Schedule } from "./simulate.js";
import type { GateName } from "./world.js";

/** A schedule as text: one line per choice, made when it is asked for. */
export function traceOf({ steps }: Pick<Schedule, "steps">): readonly string[] {
  return steps.map(({ choice, passedMs, name, side }) => {
    const gate = name === undefined ? "time" : `${textOf(name)} ${side}`.trimEnd();
    return `${choice} +${(passedMs / 1000).toFixed(3)}s ${gate}`;
  });
}

/** The name of a gate as one text. */
function textOf({ actor, what, subject, id, nth }: GateName): string {
  return [actor, what, subject, id, `#${nth}`].filter((part) => part !== "").join(" ");
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
