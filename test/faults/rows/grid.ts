import type { GridPlace } from "../grid-place.js";
import type { HttpFate, Passing } from "../proxy/http-proxy.js";
import type { Row } from "../row.js";
import type { Stage, StageOptions } from "../stage.js";
import { onGrid, type Act } from "../staged.js";
import { until } from "../until.js";
import { strikingRequests, type HttpScript } from "./http.js";
import { outlasted } from "./answers.js";

const onGridHttp = (script: HttpScript & StageOptions): Row =>
  onGrid({ ...script, act: strikingRequests(script) });

const publishes = ({ path }: Passing): boolean => path.includes(":publish");
const receives = ({ path }: Passing): boolean => path.includes(":receive");
const acknowledges = ({ path }: Passing): boolean => path.includes(":acknowledge");

const refusal = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): HttpFate => ({
  answer: status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify({ error: { code, message: "on purpose" } }),
});

/** What no client should take at its word. */
const hints = ["315360000", "-5", "soon", "Fri, 31 Dec 2100 23:59:59 GMT", "1e9", ""];

/** The answer comes when the client has given the request up. */
const afterGivingUp = (gaveUp: () => boolean): HttpFate => ({
  answerAfter: until("the client to give a request up", gaveUp),
});

/** Refuses receives, and looks whether the next one comes before the hint says (I9). */
function throttled(hintMs: number, times: number): Act<GridPlace> {
  return async (stage, place) => {
    const { runtime, http } = place;
    let notBeforeMs = 0;
    const fault = http.add((passing) => {
      if (!receives(passing) && !publishes(passing)) return undefined;
      if (receives(passing)) {
        const earlyMs = notBeforeMs - runtime.elapsed();
        if (earlyMs > toleranceMs)
          stage.problems.push(`I9: the next receive came ${earlyMs.toFixed(0)} ms before its time`);
        notBeforeMs = runtime.elapsed() + hintMs;
      }
      return refusal(429, "TooManyRequests", { "retry-after": String(hintMs / 1_000) });
    });
    await until("requests to be refused", () => fault.hits >= times);
    await until("receives to be refused", () => stage.count("receiveFailed") >= 2);
    fault.remove();
    await stage.progress();
    return fault.hits;
  };
}

/** A request is on its way for a moment, by two clocks. */
const toleranceMs = 200;

/** Dead letters that the store does not take for a while. */
function parkless(): Row {
  let refused = 0;
  const gaveUp: StageOptions["gaveUp"] = ({ n }) => n % 3 === 0;
  const act = async (stage: Stage): Promise<number> => {
    await until("dead letters to be refused", () => refused >= 3);
    await stage.progress();
    return refused;
  };
  return onGrid({
    ...{
      f: 63,
      injected: "a store that takes no dead letter, three times",
      holds: ["I1", "I16"],
      gaveUp,
      act,
    },
    beforePark: () => {
      if (refused >= 3) return;
      refused += 1;
      throw new Error("the store takes nothing");
    },
  });
}

/** Faults between a service and Event Grid, to which it publishes and from which it pulls. */
export const grid: readonly Row[] = [
  onGridHttp({
    ...{
      f: 2,
      injected: "HTTP proxy: events are stored, the answers are lost",
      holds: ["I1", "I2"],
      times: 4,
    },
    decide: (passing) => (publishes(passing) ? "lostAnswer" : undefined),
  }),
  onGridHttp({
    ...{
      f: 3,
      injected: "HTTP proxy: events are stored, the answers come when the sender has given up",
      holds: ["I1", "I2", "I12"],
      times: 3,
    },
    decide: (passing, _hits, { ledger }) => {
      const before = ledger.resent;
      return publishes(passing) ? afterGivingUp(() => ledger.resent > before) : undefined;
    },
  }),
  onGridHttp({
    ...{ f: 15, injected: "HTTP proxy: 401 to everything for a while", holds: ["I1", "I2", "I11"] },
    ...{ times: 4, untilHeard: true },
    decide: () => refusal(401, "Unauthorized"),
  }),
  onGrid({
    ...{
      f: 17,
      injected: "HTTP proxy: 429 with Retry-After of 10 s to sends and receives",
      holds: ["I1", "I2", "I9", "I11"],
    },
    act: throttled(10_000, 4),
  }),
  ...[500, 503].map((status) =>
    onGridHttp({
      ...{ f: 17, injected: `HTTP proxy: ${String(status)} to everything for a while`, times: 6 },
      ...{ holds: ["I1", "I2", "I11"], untilHeard: true },
      decide: () => refusal(status, status === 500 ? "InternalServerError" : "ServerBusy"),
    }),
  ),
  onGridHttp({
    ...{
      f: 18,
      injected: "HTTP proxy: Retry-After of ten years, negative, garbage, a date",
      holds: ["I1", "I11"],
      times: 12,
    },
    decide: (passing, hits) =>
      publishes(passing)
        ? refusal(503, "ServerBusy", { "retry-after": hints[hits % hints.length] ?? "" })
        : undefined,
  }),
  onGrid({
    ...{ f: 19, injected: "emulator: 75 s pass while handlers work, locks last 60 s" },
    ...{ holds: ["I1", "I2", "I3"], ...outlasted(true, "75s") },
  }),
  onGrid({
    ...{ f: 22, injected: "emulator: handlers outlast their locks and complete all the same" },
    ...{ holds: ["I1", "I2", "I3"], ...outlasted(false, "75s") },
  }),
  onGridHttp({
    ...{ f: 23, injected: "HTTP proxy: events are acknowledged, the answers are lost", holds: ["I1", "I2"] },
    times: 4,
    decide: (passing) => (acknowledges(passing) ? "lostAnswer" : undefined),
  }),
  onGridHttp({
    ...{
      f: 29,
      injected: "HTTP proxy: events are handed out, the answers come when nobody waits for them any more",
      holds: ["I1", "I2", "I11"],
      times: 1,
    },
    decide: (passing, _hits, stage) => {
      const before = stage.count("receiveFailed");
      return receives(passing) ? afterGivingUp(() => stage.count("receiveFailed") > before) : undefined;
    },
  }),
  onGridHttp({
    ...{ f: 45, injected: "HTTP proxy: answers with events are cut off, as if that were all of the JSON" },
    ...{ holds: ["I1", "I2", "I11"], times: 1, untilHeard: true },
    decide: (passing) => (receives(passing) ? { cutTo: 60 } : undefined),
  }),
  parkless(),
  onGridHttp({
    ...{ f: 71, injected: "HTTP proxy: 404, the topic is not there for a while", times: 4 },
    ...{ holds: ["I1", "I2", "I11"], untilHeard: true },
    decide: () => refusal(404, "NotFound"),
  }),
];
