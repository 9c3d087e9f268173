import { BrokerError } from "../../../adapters/memory/broker/broker-error.js";
import type { BrokerMessage, PropertyValue } from "../../../adapters/memory/broker/message.js";
import {
  compileRule,
  type CompiledRule,
  type RuleFilter,
} from "../../../adapters/memory/broker/rules/rule.js";
import { corpus } from "../corpus.js";
import { mutated } from "../mutate.js";
import type { Random } from "../random.js";
import { must, type Target, type Trial } from "../target.js";
import { hostileText, names } from "../texts.js";
import { bagOf } from "../values.js";

/** The filters of Service Bus rules: SQL and correlation. */
export const sqlFilters: Target = {
  name: "sql-filters",
  make(random) {
    const message = messageOf(random);
    if (random.chance(0.05)) {
      const properties = bagOf(random, nameOf, propertyOf);
      return filterTrial({ type: "correlation", properties, subject: hostileText(random) }, message);
    }
    return filterTrial(
      { type: "sql", expression: filterText(random), parameters: { p: propertyOf(random) } },
      message,
    );
  },
  refuses: isSyntaxError,
  growing: {
    "a chain of OR": (size) => sql("a = 1" + " OR a = 1".repeat(size / 9)),
    "nested parentheses": (size) => sql("(".repeat(size / 16) + "a = 1" + ")".repeat(size / 16)),
    "nested NOT": (size) => sql("NOT NOT ".repeat(size / 32) + "a = 1"),
    "an IN list": (size) => sql(`a IN (1${",1".repeat(size / 2)})`),
    "a sum": (size) => sql(`a = 1${"+1".repeat(size / 2)}`),
    "a delimited name": (size) => sql(`[${"]]".repeat(size / 2)}] = 1`),
    "the text of LIKE": (size) => sql("a LIKE '%a%b%c'", { a: "ab".repeat(size) }),
    "the pattern of LIKE": (size) => sql(`a LIKE '%${"a".repeat(size)}b'`, { a: "a".repeat(3000) }),
    "the properties of the message": (size) => sql("A = 1", manyProperties(size)),
  },
};

/** The actions of Service Bus rules. */
export const sqlActions: Target = {
  name: "sql-actions",
  make: (random) => actionTrial(actionText(random), messageOf(random)),
  refuses: isSyntaxError,
  growing: {
    statements: (size) => actionTrial("SET a = a + 1;".repeat(size / 32), frozen({ a: 1 })),
    "a doubled text": (size) => actionTrial("SET a = a + a;".repeat(size / 64), frozen({ a: "x" })),
    "the properties of the message": (size) => actionTrial("SET A = 1", frozen(manyProperties(size))),
  },
};

function isSyntaxError(error: unknown): boolean {
  return error instanceof BrokerError && error.condition === "com.microsoft:argument-error";
}

function sql(expression: string, properties: Record<string, PropertyValue> = { a: 1 }): Trial {
  return filterTrial({ type: "sql", expression }, frozen(properties));
}

function filterTrial(filter: RuleFilter, message: BrokerMessage): Trial {
  const expression = filter.type === "sql" ? filter.expression : "";
  return {
    input: { filter, message },
    size: expression.length + sizeOf(message),
    run() {
      const { matches } = compileRule({ name: "r", filter });
      const verdict = verdictOf(matches, message);
      if (expression !== "" && !expression.toLowerCase().includes("newid")) {
        must(verdict === verdictOf(matches, message), "the same message, the same verdict");
        const opposite = verdict === true ? negated(expression, filter) : undefined;
        must(
          opposite === undefined || verdictOf(opposite, message) === false,
          "a filter and its NOT never both hold",
        );
      }
      return verdict;
    },
  };
}

/** The filter's negation, unless that is too long or too deep to be one. */
function negated(expression: string, filter: RuleFilter): CompiledRule["matches"] | undefined {
  try {
    return compileRule({ name: "r", filter: { ...filter, type: "sql", expression: `NOT (${expression})` } })
      .matches;
  } catch (error) {
    if (isSyntaxError(error)) return undefined;
    throw error;
  }
}

function verdictOf(matches: CompiledRule["matches"], message: BrokerMessage): boolean | "error" {
  try {
    const verdict = matches(message);
    must(typeof verdict === "boolean", "a verdict is true or false");
    return verdict;
  } catch (error) {
    if (error instanceof Error && error.name === "FilterException") return "error";
    throw error;
  }
}

function actionTrial(expression: string, message: BrokerMessage): Trial {
  return {
    input: { expression, message },
    size: expression.length + sizeOf(message),
    run() {
      const action = { type: "sql", expression } as const;
      const { apply } = compileRule({ name: "r-1", filter: { type: "true" }, action });
      must(apply !== undefined, "a rule with an action applies it");
      try {
        const copy = apply(message);
        const properties = Object.entries(copy.applicationProperties ?? {});
        must(
          properties.some(([name, value]) => name.toLowerCase() === "rulename" && value === "r-1"),
          "a copy names its rule",
        );
        must(
          properties.every(([, value]) => typeof value !== "string" || value.length <= 32 * 1024),
          "a property has at most 32 KiB",
        );
        return copy;
      } catch (error) {
        if (error instanceof Error && error.name === "FilterException") return undefined;
        throw error;
      }
    },
  };
}

const nameOf = (random: Random): string => random.pick(names);

/** Frozen, so that a rule which changes the message it judges is a crash. */
function messageOf(random: Random): BrokerMessage {
  return frozen(bagOf(random, nameOf, propertyOf), { subject: hostileText(random), messageId: "m" });
}

function frozen(
  properties: Readonly<Record<string, PropertyValue>>,
  rest: Partial<BrokerMessage> = {},
): BrokerMessage {
  return Object.freeze({ body: noBytes, ...rest, applicationProperties: Object.freeze(properties) });
}

const noBytes = Buffer.alloc(0);

function sizeOf({ applicationProperties = {} }: BrokerMessage): number {
  let size = 0;
  for (const [name, value] of Object.entries(applicationProperties)) {
    size += name.length + (typeof value === "string" ? value.length : 8);
  }
  return size;
}

const manyProperties = (count: number): Record<string, PropertyValue> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${String(index)}`, index]));

function propertyOf(random: Random): PropertyValue {
  const kind = random.below(8);
  if (kind < 3) return hostileText(random);
  if (kind < 5) return random.pick([0, 1, -1.5, 2 ** 53, 1e308, Number.NaN]);
  return random.pick([1n, -(2n ** 63n), true, null, new Date(0), new Date(Number.NaN), Buffer.from("x")]);
}

const words = [
  ..."AND OR NOT IS NULL IN LIKE ESCAPE EXISTS TRUE FALSE SET REMOVE ( ) , . ; = <> != < <= > >= + - * / %".split(
    " ",
  ),
  ..."a b colour sys.Label sys. user.a [a]]b] \"q\" 'text' '%' '_' @p @ 1 2.5 1e9 9223372036854775808 newid() p( property(".split(
    " ",
  ),
];
const filters = corpus("sql-filters");
const actions = corpus("sql-actions");

function filterText(random: Random): string {
  const kind = random.below(10);
  if (kind < 2) return mutated(random, random.pick(filters), words);
  if (kind < 3) return soup(random);
  const text = predicate(random, 4);
  return kind < 5 ? mutated(random, text, words) : text;
}

function actionText(random: Random): string {
  const kind = random.below(10);
  if (kind < 2) return mutated(random, random.pick(actions), words);
  if (kind < 3) return soup(random);
  const statements = Array.from({ length: 1 + random.below(random.chance(0.05) ? 40 : 4) }, () =>
    random.chance(0.25) ? `REMOVE ${property(random)}` : `SET ${property(random)} = ${value(random, 2)}`,
  );
  const text = statements.join(random.pick(["; ", " ", ";"]));
  return kind < 5 ? mutated(random, text, words) : text;
}

function soup(random: Random): string {
  return Array.from({ length: random.below(40) }, () => random.pick(words)).join(random.pick([" ", ""]));
}

function predicate(random: Random, depth: number): string {
  const kind = random.below(depth > 0 ? 11 : 6);
  switch (kind) {
    case 0:
      return `${property(random)} IS ${random.pick(["", "NOT "])}NULL`;
    case 1:
      return `EXISTS(${property(random)})`;
    case 2:
      return `${value(random, 1)} LIKE ${value(random, 0)}${random.pick(["", " ESCAPE '!'", " ESCAPE a"])}`;
    case 3:
      return `${value(random, 1)} ${random.pick(["", "NOT "])}IN (${value(random, 0)}, ${value(random, 0)})`;
    case 4:
    case 5:
      return `${value(random, depth)} ${random.pick(["=", "<>", "!=", "<", "<=", ">", ">="])} ${value(random, depth)}`;
    case 6:
      return `NOT ${predicate(random, depth - 1)}`;
    case 7:
      return `(${predicate(random, depth - 1)})`;
    default:
      return `${predicate(random, depth - 1)} ${random.pick(["AND", "OR", "and"])} ${predicate(random, depth - 1)}`;
  }
}

function value(random: Random, depth: number): string {
  const kind = random.below(depth > 0 ? 8 : 4);
  switch (kind) {
    case 0:
      return property(random);
    case 1:
      return `'${hostileText(random).replaceAll("'", "''")}'`;
    case 2:
      return random.pick(["0", "1", "2.5", "9223372036854775807", "1e308", "NULL", "TRUE", "@p"]);
    case 3:
      return random.pick(["newid()", "'%a%'", "'a_%'", "'!%'", "p('a')"]);
    case 4:
      return `(${value(random, depth - 1)})`;
    case 5:
      return `${random.pick(["-", "+"])}${value(random, depth - 1)}`;
    case 6:
      return `property(${value(random, depth - 1)})`;
    default:
      return `${value(random, depth - 1)} ${random.pick(["+", "-", "*", "/", "%"])} ${value(random, depth - 1)}`;
  }
}

function property(random: Random): string {
  const kind = random.below(6);
  if (kind === 0)
    return `sys.${random.pick(["Label", "MessageId", "To", "Unknown", "TimeToLive", "__proto__"])}`;
  if (kind === 1) return `[${random.pick(names).replaceAll("]", "]]")}]`;
  if (kind === 2) return `user.${random.pick(["a", "colour", "constructor"])}`;
  return random.pick(["a", "b", "colour", "missing", "toString"]);
}
