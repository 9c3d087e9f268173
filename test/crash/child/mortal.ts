import { writeSync } from "node:fs";
import { realRuntime, type Runtime } from "waybill/store";
import { points, type Crossing } from "../points.js";
import type { Life } from "../wire.js";

/** A process that kills itself at the point that it was given. */
export interface Mortal {
  readonly runtime: Runtime;
  /** Tells of a step that the runtime does not see. */
  crossed(crossing: Crossing): void;
  /** The handler of a message sends one with this id. */
  sends(cause: string, followUp: string): void;
}

/** @throws {Error} for a point that there is not */
export function mortal(death: Life["death"]): Mortal {
  const point = points.find(({ name }) => name === death?.point);
  if (death !== undefined && point === undefined) throw new Error(`there is no point "${death.point}"`);
  const followUps = new Set<string>();
  let settling = false;
  let settled = false;
  const crossed = (crossing: Crossing): void => {
    if (death === undefined || point === undefined) return;
    const { step, when, id } = crossing;
    if (step === "settle" && id === death.victim) {
      settling = true;
      settled = when === "after";
    }
    if (point.at(crossing, { id: death.victim, followUps, settling, settled })) die(point.name);
  };
  return {
    runtime: watched(realRuntime(), crossed),
    crossed,
    sends: (cause, followUp) => {
      if (cause === death?.victim) followUps.add(followUp);
    },
  };
}

/** The word is out before the signal is: both are done when the calls return, and nothing runs after them. */
function die(point: string): void {
  writeSync(1, `dies ${point}\n`);
  process.kill(process.pid, "SIGKILL");
}

function watched(real: Runtime, crossed: (crossing: Crossing) => void): Runtime {
  return {
    ...real,
    port: (step, subject, id, call) => {
      crossed({ step, when: "before", subject, id });
      const given = call();
      if (!(given instanceof Promise)) {
        crossed({ step, when: "after", subject, id, answer: given });
        return given;
      }
      const heard: Promise<unknown> = given.then((answer: unknown) => {
        crossed({ step, when: "after", subject, id, answer });
        return answer;
      });
      return heard as typeof given;
    },
  };
}
