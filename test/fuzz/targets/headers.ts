import { isDeepStrictEqual } from "node:util";
import { isWaybillError } from "../../../src/errors.js";
import { fromAmqp, toAmqp } from "../../../src/message/amqp-binding.js";
import type { Envelope } from "../../../src/message/envelope.js";
import { checkHeaders, type HeaderMap } from "../../../src/message/header-rules.js";
import { fromStructuredJson, toStructuredJson } from "../../../src/message/structured-json.js";
import type { Random } from "../random.js";
import { must, type Target, type Trial } from "../target.js";
import { hostileText, names } from "../texts.js";
import { bagOf, hostileValue } from "../values.js";

/** Headers as callers give them: what passes the check must come back from every wire. */
export const headers: Target = {
  name: "headers",
  make: (random) => trial(bagOf(random, nameOf, valueOf)),
  refuses: (error) => isWaybillError(error) && error.code === "invalidMessage",
  growing: {
    headers: (size) =>
      trial(Object.fromEntries(Array.from({ length: size }, (_, at) => [`h${String(at)}`, "v"]))),
    "the value of a header": (size) => trial({ a: "x".repeat(size) }),
    "the name of a header": (size) => trial({ ["x".repeat(size)]: "v" }),
  },
};

const nameOf = (random: Random): string => (random.chance(0.3) ? random.pick(names) : hostileText(random));
const valueOf = (random: Random): unknown =>
  random.chance(0.9) ? hostileText(random) : hostileValue(random);

function trial(bag: Readonly<Record<string, unknown>>): Trial {
  return {
    input: bag,
    size: JSON.stringify(
      Object.entries(bag).map(([name, value]) => [name, typeof value === "string" ? value : 0]),
    ).length,
    run() {
      const given = bag as HeaderMap;
      checkHeaders(given);
      const envelope: Envelope = {
        id: "1",
        source: "s",
        type: "t",
        headers: given,
        history: {},
        extensions: {},
        body: noBytes,
      };
      const sent = sorted(given);
      const amqp = fromAmqp(toAmqp(envelope, { key: "session" }), "fallback").headers;
      must(isDeepStrictEqual(sorted(amqp), sent), "AMQP brings every header back");
      const json = fromStructuredJson(toStructuredJson(envelope)).headers;
      must(isDeepStrictEqual(sorted(json), sent), "structured JSON brings every header back");
      return amqp;
    },
  };
}

const noBytes = Buffer.alloc(0);

/** JSON has no negative zero. */
const sorted = (map: HeaderMap): readonly (readonly [string, unknown])[] =>
  Object.entries(map)
    .map(([name, value]) => [name, value === 0 ? 0 : value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
