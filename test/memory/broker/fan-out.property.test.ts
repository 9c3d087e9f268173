import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RuleDescription, RuleFilter } from "../../../adapters/memory/broker/rules/rule.js";
import type { BrokerMessage } from "../../../adapters/memory/broker/message.js";
import { deadLetters, message, newBroker } from "./fixtures.js";

type Verdict = boolean | "fails";

/** A filter and, written by hand, what it must say of a message. */
interface Case {
  readonly filter: RuleFilter;
  readonly says: (message: BrokerMessage) => Verdict;
}

const sql = (expression: string, says: Case["says"]): Case => ({ filter: { type: "sql", expression }, says });
const correlation = (
  filter: Omit<RuleFilter & { type: "correlation" }, "type">,
  says: Case["says"],
): Case => ({
  filter: { ...filter, type: "correlation" },
  says,
});
const kindOf = (each: BrokerMessage): unknown => each.applicationProperties?.["kind"];

const cases: readonly Case[] = [
  { filter: { type: "true" }, says: () => true },
  { filter: { type: "false" }, says: () => false },
  correlation({ subject: "a" }, ({ subject }) => subject === "a"),
  correlation({ subject: "b", to: "x" }, ({ subject, to }) => subject === "b" && to === "x"),
  correlation({ to: "x" }, ({ to }) => to === "x"),
  correlation({ properties: { kind: 5 } }, (each) => kindOf(each) === 5 || kindOf(each) === 5n),
  correlation({ properties: { kind: 5n } }, (each) => kindOf(each) === 5 || kindOf(each) === 5n),
  correlation({ properties: { KIND: "a" } }, (each) => kindOf(each) === "a"),
  correlation({ properties: { kind: true } }, (each) => kindOf(each) === true),
  correlation({ properties: { kind: null } }, (each) => kindOf(each) === null),
  correlation({ properties: { kind: new Date(5) } }, (each) => kindOf(each) instanceof Date),
  correlation({ properties: { kind: Uint8Array.of(5) } }, (each) => kindOf(each) instanceof Uint8Array),
  correlation({}, () => true),
  sql("sys.Label = 'a'", ({ subject }) => subject === "a"),
  sql("'b' = sys.Label", ({ subject }) => subject === "b"),
  sql("sys.Label IN ('a', 'b') AND sys.To = 'x'", (each) => each.subject !== undefined && each.to === "x"),
  sql("sys.Label IN ('a', 5)", ({ subject }) => subject === "a"),
  sql("sys.Label = 'a' OR sys.To = 'x'", ({ subject, to }) => subject === "a" || to === "x"),
  sql("NOT (sys.Label = 'a')", ({ subject }) => subject === "b"),
  sql("kind = 'a'", (each) => kindOf(each) === "a"),
  sql("EXISTS(kind) AND kind = 'a'", (each) => kindOf(each) === "a"),
  // A term that is false spares the terms behind it; one that is unknown does not.
  sql("sys.Label = 'a' AND 1 / 0 = 1", ({ subject }) => (subject === "b" ? false : "fails")),
  sql("kind = 'a' AND 1 / 0 = 1", (each) =>
    typeof kindOf(each) === "string" && kindOf(each) !== "a" ? false : "fails",
  ),
  sql("sys.Label IN ('a', 5) AND 1 / 0 = 1", () => "fails"),
  sql("1 / 0 = 1 AND sys.Label = 'a'", () => "fails"),
];

const names = ["s0", "s1", "s2", "s3", "s4"];
const subscription = fc.constantFrom(...names);
const which = fc.nat(cases.length - 1);
const sent: fc.Arbitrary<BrokerMessage> = fc
  .record({
    subject: fc.constantFrom("a", "b", undefined),
    to: fc.constantFrom("x", undefined),
    kind: fc.constantFrom(5, 5n, 6, "a", "c", true, null, new Date(5), Uint8Array.of(5), undefined),
  })
  .map(({ subject, to, kind }) =>
    message("m", {
      ...(subject === undefined ? {} : { subject }),
      ...(to === undefined ? {} : { to }),
      ...(kind === undefined ? {} : { applicationProperties: { kind } }),
    }),
  );

type Step =
  | { readonly do: "create"; readonly name: string; readonly rules: readonly number[] }
  | { readonly do: "delete"; readonly name: string }
  | { readonly do: "add" | "remove"; readonly name: string; readonly rule: number }
  | { readonly do: "send"; readonly message: BrokerMessage };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("create" as const),
        name: subscription,
        rules: fc.uniqueArray(which, { maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), name: subscription }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom("add" as const, "remove" as const),
        name: subscription,
        rule: which,
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("send" as const), message: sent }) },
  ),
  { minLength: 10, maxLength: 60 },
);

const ruleOf = (rule: number): RuleDescription => ({
  name: `rule-${String(rule)}`,
  filter: cases[rule]?.filter ?? { type: "false" },
});

/** Looks at one rule after the other until one selects the message. */
function judge(
  rules: ReadonlySet<number>,
  given: BrokerMessage,
): { readonly selected: boolean; readonly failed: boolean } {
  // Beside a rule that accepts everything no other is looked at.
  let selected = rules.has(0);
  let failed = false;
  for (const rule of rules) {
    if (selected) break;
    const verdict = cases[rule]?.says(given);
    if (verdict === true) selected = true;
    else failed ||= verdict === "fails";
  }
  return { selected, failed };
}

describe("a topic's fan-out", () => {
  it("gives each message to those who asked for it, in the order of creation, as if it looked at every rule", () => {
    fc.assert(
      fc.property(steps, (run) => {
        const broker = newBroker();
        broker.createTopic("t");
        const got: string[] = [];
        /** The model: a map of rules, whose order is that of creation. */
        const rules = new Map<string, Set<number>>();
        for (const step of run) {
          if (step.do === "create" && !rules.has(step.name)) {
            broker.createSubscription("t", step.name, { rules: step.rules.map(ruleOf) });
            broker
              .attachReceiver(`t/Subscriptions/${step.name}`, {
                mode: "receiveAndDelete",
                deliver: () => got.push(step.name),
              })
              .flow(1_000);
            rules.set(step.name, new Set(step.rules));
          } else if (step.do === "delete" && rules.delete(step.name)) {
            broker.deleteSubscription("t", step.name);
          } else if (step.do === "add" && rules.get(step.name)?.has(step.rule) === false) {
            broker.addRule("t", step.name, ruleOf(step.rule));
            rules.get(step.name)?.add(step.rule);
          } else if (step.do === "remove" && rules.get(step.name)?.delete(step.rule) === true) {
            broker.removeRule("t", step.name, ruleOf(step.rule).name);
          } else if (step.do === "send") {
            got.length = 0;
            for (const name of rules.keys()) broker.purge(`t/Subscriptions/${name}/$deadletterqueue`);
            broker.send("t", [step.message]);
            const verdicts = [...rules].map(([name, own]) => ({ name, ...judge(own, step.message) }));
            expect(got).toEqual(verdicts.filter(({ selected }) => selected).map(({ name }) => name));
            const failed = [...rules.keys()].filter(
              (name) => deadLetters(broker, `t/Subscriptions/${name}`).length > 0,
            );
            expect(failed).toEqual(verdicts.filter((each) => each.failed).map(({ name }) => name));
          }
        }
      }),
      { numRuns: 400 },
    );
  });
});
