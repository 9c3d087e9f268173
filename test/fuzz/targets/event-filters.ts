import { BrokerError } from "../../../adapters/memory/broker/broker-error.js";
import { compileFilter, type FilterDescription } from "../../../adapters/memory/broker/notifier/filter.js";
import type { JsonObject } from "../../../adapters/memory/broker/notifier/json.js";
import { jsonText, nearlyJson } from "../json-texts.js";
import type { Random } from "../random.js";
import { must, type Target, type Trial } from "../target.js";
import { hostileText, names } from "../texts.js";

/** Filters of Event Grid subscriptions, as configuration files and management calls bring them. */
export const eventFilters: Target = {
  name: "event-filters",
  make: (random) => trial(filterJson(random), eventOf(random)),
  refuses: (error) => error instanceof BrokerError && error.condition === "badRequest",
  growing: {
    "values of a filter": (size) =>
      filtering({ operatorType: "StringIn", key: "data.a", values: texts(size) }),
    filters: (size) => trial({ advancedFilters: texts(size).map(() => isNull) }, { data: {} }),
    "the path of a key": (size) => filtering({ operatorType: "IsNotNull", key: "data" + ".a".repeat(size) }),
    "event types": (size) => trial({ includedEventTypes: texts(size) }, { type: "t" }),
    "the elements of an array": (size) =>
      trial(
        {
          enableAdvancedFilteringOnArrays: true,
          advancedFilters: [{ operatorType: "StringContains", key: "data", values: ["b"] }],
        },
        { data: Array.from({ length: size }, () => "a") },
      ),
  },
};

const isNull = { operatorType: "IsNullOrUndefined", key: "data" };
const texts = (count: number): string[] => Array.from({ length: count }, (_, at) => `t${String(at)}`);
const filtering = (filter: unknown): Trial => trial({ advancedFilters: [filter] }, { data: { a: "x" } });

function trial(description: unknown, event: JsonObject): Trial {
  return {
    input: { description, event },
    size: sizeOf(description) + sizeOf(event),
    run() {
      const wants = compileFilter(description as FilterDescription, "cloudEvents");
      const verdict = wants(event);
      must(typeof verdict === "boolean", "a verdict is true or false");
      must(verdict === wants(event), "the same event, the same verdict");
      return verdict;
    },
  };
}

/** Characters and members, also of what is nested too deep to be printed. */
function sizeOf(root: unknown): number {
  const waiting: unknown[] = [root];
  let size = 0;
  while (waiting.length > 0) {
    const value = waiting.pop();
    size += typeof value === "string" ? value.length : 1;
    if (typeof value === "object" && value !== null) waiting.push(...(Object.values(value) as unknown[]));
  }
  return size;
}

const operators = [
  ..."NumberIn NumberNotIn NumberLessThan NumberGreaterThan NumberLessThanOrEquals NumberGreaterThanOrEquals".split(
    " ",
  ),
  ..."NumberInRange NumberNotInRange BoolEquals StringContains StringNotContains StringBeginsWith".split(" "),
  ..."StringNotBeginsWith StringEndsWith StringNotEndsWith StringIn StringNotIn IsNullOrUndefined IsNotNull".split(
    " ",
  ),
];

/** A description by the rules, in which now and then something else stands. */
function filterJson(random: Random): unknown {
  if (random.chance(0.05)) return parsed(nearlyJson(random));
  const description = {
    includedEventTypes: random.chance(0.8) ? [] : [hostileText(random), odd(random, "t")],
    subjectBeginsWith: odd(random, random.pick(["", "a", "İ"])),
    subjectEndsWith: odd(random, ""),
    isSubjectCaseSensitive: random.chance(0.5),
    enableAdvancedFilteringOnArrays: random.chance(0.5),
    advancedFilters: odd(
      random,
      Array.from({ length: random.below(random.chance(0.02) ? 40 : 4) }, () => odd(random, advanced(random))),
    ),
  };
  return random.chance(0.5) ? description : { advancedFilters: description.advancedFilters };
}

function advanced(random: Random): unknown {
  const operatorType = odd(random, random.chance(0.95) ? random.pick(operators) : random.pick(names));
  const key = odd(
    random,
    random.pick([
      "subject",
      "data.a",
      "data.a.b",
      "data.__proto__",
      "data.constructor.name",
      "",
      ".",
      "type",
    ]),
  );
  const kind = typeof operatorType === "string" ? operatorType : "";
  if (/Range/.test(kind)) return { operatorType, key, values: odd(random, [[odd(random, 0), 5]]) };
  if (/In$/.test(kind))
    return { operatorType, key, values: odd(random, [odd(random, kind.startsWith("N") ? 1 : "a")]) };
  if (kind.startsWith("Number")) return { operatorType, key, value: odd(random, 1) };
  if (kind === "BoolEquals") return { operatorType, key, value: odd(random, true) };
  return { operatorType, key, values: odd(random, [hostileText(random)]) };
}

/** The value as a rule, and sometimes one of another kind. */
function odd(random: Random, value: unknown): unknown {
  return random.chance(0.97) ? value : parsed(jsonText(random, 2));
}

function eventOf(random: Random): JsonObject {
  return {
    id: "e",
    type: random.pick(["t", "T", "other"]),
    subject: hostileText(random),
    data: parsed(jsonText(random, 3)) as JsonObject,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
