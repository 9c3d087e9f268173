import { describe, expect, it } from "vitest";
import type { AdvancedFilter } from "../../../../adapters/memory/broker/notifier/filter-operators.js";
import type { FilterDescription } from "../../../../adapters/memory/broker/notifier/filter.js";
import type { JsonObject, JsonValue } from "../../../../adapters/memory/broker/notifier/json.js";
import { createNotifier } from "../../../../adapters/memory/broker/notifier/notifier.js";
import { cloudEvent, startMs } from "./fixtures.js";

/** Publishes one event and tells whether a subscription with this filter got it. */
function gets(filter: FilterDescription, event: JsonObject): boolean {
  const notifier = createNotifier({ startMs });
  notifier.createTopic("orders");
  const subscription = notifier.createPullSubscription("orders", "audit", { filter });
  notifier.publishEvents("orders", [event]);
  return subscription.take().length === 1;
}

const key = "data.value";
const withValue = (value: JsonValue): JsonObject => cloudEvent("a", { data: { value } });

function matches(filter: AdvancedFilter, event: JsonObject): boolean {
  return gets({ advancedFilters: [filter], enableAdvancedFilteringOnArrays: true }, event);
}

describe("subject and type filters", () => {
  it("EG-34: subject prefix and suffix ignore case by default, and compare it on demand", () => {
    const event = cloudEvent("a", { subject: "Blobs/Photo.JPG" });
    const filter = { subjectBeginsWith: "blobs/", subjectEndsWith: ".jpg" };
    expect(gets(filter, event)).toBe(true);
    expect(gets({ ...filter, isSubjectCaseSensitive: true }, event)).toBe(false);
    expect(gets({ subjectBeginsWith: "Blobs/", isSubjectCaseSensitive: true }, event)).toBe(true);
    expect(gets({ subjectBeginsWith: "photo" }, event)).toBe(false);
    expect(gets({ subjectEndsWith: ".png" }, event)).toBe(false);
    expect(gets(filter, cloudEvent("a"))).toBe(false);
  });

  it("takes only the included event types, and every type when none is named", () => {
    const event = cloudEvent("a", { type: "shop.order" });
    expect(gets({ includedEventTypes: ["shop.refund", "Shop.Order"] }, event)).toBe(true);
    expect(gets({ includedEventTypes: ["shop.refund"] }, event)).toBe(false);
    expect(gets({ includedEventTypes: [] }, event)).toBe(true);
  });
});

type Row = readonly [filter: AdvancedFilter, matching: readonly JsonValue[], others: readonly JsonValue[]];

const operators: readonly Row[] = [
  [{ operatorType: "NumberIn", key, values: [1, 2.5] }, [1, 2.5, [0, 1]], [3, "1", [3, 4], []]],
  [{ operatorType: "NumberNotIn", key, values: [1, 2.5] }, [3, "1", [3, 4], []], [1, 2.5, [0, 1]]],
  [{ operatorType: "NumberLessThan", key, value: 5 }, [4.9, -1, [9, 4]], [5, "4", true, [5, 6], []]],
  [{ operatorType: "NumberGreaterThan", key, value: 5 }, [5.1, [1, 6]], [5, "6", [1, 5]]],
  [{ operatorType: "NumberLessThanOrEquals", key, value: 5 }, [5, 4, [9, 5]], [5.1, [6, 7]]],
  [{ operatorType: "NumberGreaterThanOrEquals", key, value: 5 }, [5, 6, [1, 5]], [4.9, [1, 2]]],
  [
    {
      operatorType: "NumberInRange",
      key,
      values: [
        [1, 2],
        [5, 6],
      ],
    },
    [1, 2, 5.5, [9, 6]],
    [3, 0, "1", [3, 4]],
  ],
  [
    {
      operatorType: "NumberNotInRange",
      key,
      values: [
        [1, 2],
        [5, 6],
      ],
    },
    [3, 0, [3, 4]],
    [1, 2, 5.5, [3, 6]],
  ],
  [{ operatorType: "BoolEquals", key, value: true }, [true, [false, true]], [false, "true", 1, [false]]],
  [{ operatorType: "BoolEquals", key, value: false }, [false, [false, true]], [true, 0, [true]]],
  [
    { operatorType: "StringContains", key, values: ["re", "LU"] },
    ["RED", "blue", ["x", "red"]],
    ["pink", 1, ["x"]],
  ],
  [
    { operatorType: "StringNotContains", key, values: ["re", "LU"] },
    ["pink", ["x", "y"]],
    ["RED", "blue", ["x", "red"]],
  ],
  [
    { operatorType: "StringBeginsWith", key, values: ["re", "BL"] },
    ["Red", "blue", ["x", "red"]],
    ["fire", ["fire"]],
  ],
  [
    { operatorType: "StringNotBeginsWith", key, values: ["re", "BL"] },
    ["fire", ["fire"]],
    ["Red", "blue", ["x", "red"]],
  ],
  [
    { operatorType: "StringEndsWith", key, values: ["ed", "UE"] },
    ["RED", "blue", ["x", "red"]],
    ["redo", ["redo"]],
  ],
  [
    { operatorType: "StringNotEndsWith", key, values: ["ed", "UE"] },
    ["redo", ["redo"]],
    ["RED", "blue", ["x", "red"]],
  ],
  [
    { operatorType: "StringIn", key, values: ["red", "BLUE"] },
    ["Red", "blue", ["x", "red"]],
    ["re", 1, ["x"], []],
  ],
  [
    { operatorType: "StringNotIn", key, values: ["red", "BLUE"] },
    ["re", 1, ["x"], []],
    ["Red", "blue", ["x", "red"]],
  ],
  [{ operatorType: "IsNullOrUndefined", key }, [null], [0, "", false, [], [null], {}]],
  [{ operatorType: "IsNotNull", key }, [0, "", false, [], [null], {}], [null]],
];

describe("advanced filters", () => {
  it("EG-35: the table has all nineteen operators", () => {
    expect(new Set(operators.map(([filter]) => filter.operatorType)).size).toBe(19);
  });

  const cases = operators.map((row) => [row[0].operatorType, ...row] as const);

  it.each(cases)("EG-35: %s matches scalars and arrays", (_, filter, matching, others) => {
    expect(matching.filter((value) => !matches(filter, withValue(value)))).toEqual([]);
    expect(others.filter((value) => matches(filter, withValue(value)))).toEqual([]);
  });

  it("EG-35: without the array option a key that holds an array counts as missing", () => {
    const event = withValue(["red"]);
    const filtered = (filter: AdvancedFilter) => gets({ advancedFilters: [filter] }, event);
    expect(filtered({ operatorType: "StringIn", key, values: ["red"] })).toBe(false);
    expect(filtered({ operatorType: "StringNotIn", key, values: ["red"] })).toBe(true);
    expect(filtered({ operatorType: "StringNotContains", key, values: ["x"] })).toBe(false);
    expect(filtered({ operatorType: "IsNotNull", key })).toBe(true);
  });

  it("EG-36: a missing key matches NumberNotIn, StringNotIn and IsNullOrUndefined alone", () => {
    for (const missing of [
      cloudEvent("a"),
      cloudEvent("a", { data: { other: 1 } }),
      cloudEvent("a", { data: "text" }),
    ]) {
      const matching = operators
        .filter(([filter]) => matches(filter, missing))
        .map(([filter]) => filter.operatorType);
      expect(matching).toEqual(["NumberNotIn", "StringNotIn", "IsNullOrUndefined"]);
    }
  });

  it("EG-37: values are alternatives, filters are conditions", () => {
    const advancedFilters: readonly AdvancedFilter[] = [
      { operatorType: "StringIn", key: "data.colour", values: ["red", "blue"] },
      { operatorType: "NumberGreaterThan", key: "data.size", value: 5 },
    ];
    const event = (colour: string, size: number) => cloudEvent("a", { data: { colour, size } });
    expect(gets({ advancedFilters }, event("red", 6))).toBe(true);
    expect(gets({ advancedFilters }, event("blue", 6))).toBe(true);
    expect(gets({ advancedFilters }, event("blue", 5))).toBe(false);
    expect(gets({ advancedFilters }, event("green", 6))).toBe(false);
    expect(gets({ advancedFilters, includedEventTypes: ["other"] }, event("red", 6))).toBe(false);
  });

  it("reads attributes without case, extensions, and members of data at any depth exactly", () => {
    const event = cloudEvent("a", { subject: "s", tenant: "eu", data: { app: { Version: "2" } } });
    const has = (name: string, value: string) =>
      matches({ operatorType: "StringIn", key: name, values: [value] }, event);
    expect(has("Subject", "s")).toBe(true);
    expect(has("TYPE", "shop.order")).toBe(true);
    expect(has("tenant", "eu")).toBe(true);
    expect(has("Data.app.Version", "2")).toBe(true);
    expect(has("data.app.version", "2")).toBe(false);
  });

  it("reads the attributes of the Event Grid schema in a custom topic", () => {
    const ids: string[] = [];
    const notifier = createNotifier({ startMs, deliver: (request) => void ids.push(request.body) });
    notifier.createTopic("grid", { kind: "custom", schema: "eventGrid" });
    const filter: FilterDescription = {
      includedEventTypes: ["shop.order"],
      advancedFilters: [{ operatorType: "StringIn", key: "dataversion", values: ["2"] }],
    };
    notifier.createPushSubscription("grid", "hook", {
      endpoint: "http://localhost/",
      validation: "none",
      filter,
    });
    const event = { subject: "s", eventType: "Shop.Order", eventTime: "2026-01-01T00:00:00Z" };
    notifier.publishEvents("grid", [
      { ...event, id: "old", dataVersion: "1" },
      { ...event, id: "new", dataVersion: "2" },
    ]);
    expect(ids).toHaveLength(1);
    expect(ids[0]).toContain(`"id":"new"`);
  });

  it.each([
    "__proto__",
    "constructor",
    "data.__proto__",
    "data.constructor.name",
    "data.toString",
    "hasOwnProperty",
  ])("finds nothing under %s in an event that does not carry it", (name) => {
    expect(matches({ operatorType: "IsNotNull", key: name }, withValue("x"))).toBe(false);
  });
});

describe("limits of filters", () => {
  const refused = (filter: FilterDescription): void => {
    expect(() => gets(filter, cloudEvent("a"))).toThrow(expect.objectContaining({ condition: "badRequest" }));
  };
  const isNull: AdvancedFilter = { operatorType: "IsNullOrUndefined", key };
  const numbers = (count: number): AdvancedFilter => {
    return { operatorType: "NumberIn", key, values: Array.from({ length: count }, (_, index) => index) };
  };

  it("EG-38: more than 25 filters, or more than 25 values among them, are refused", () => {
    refused({ advancedFilters: Array.from({ length: 26 }, () => isNull) });
    refused({ advancedFilters: [numbers(26)] });
    refused({ advancedFilters: [numbers(20), numbers(5), { operatorType: "BoolEquals", key, value: true }] });
    expect(gets({ advancedFilters: Array.from({ length: 25 }, () => isNull) }, cloudEvent("a"))).toBe(true);
    expect(gets({ advancedFilters: [numbers(25)] }, withValue(24))).toBe(true);
  });

  it("EG-39: a text value of more than 512 characters is refused", () => {
    const text = (length: number): AdvancedFilter => {
      return { operatorType: "StringIn", key, values: ["x".repeat(length)] };
    };
    refused({ advancedFilters: [text(513)] });
    expect(gets({ advancedFilters: [text(512)] }, withValue("x".repeat(512)))).toBe(true);
  });

  it("refuses unknown operators, missing values and values of the wrong type, as configuration files have them", () => {
    const fromFile = (text: string): FilterDescription =>
      JSON.parse(`{"advancedFilters":[${text}]}`) as FilterDescription;
    for (const text of [
      `{"operatorType":"StringLike","key":"data.value","values":["x"]}`,
      `{"operatorType":"__proto__","key":"data.value","values":["x"]}`,
      `{"operatorType":"StringIn","key":"data.value","values":[]}`,
      `{"operatorType":"StringIn","key":"data.value"}`,
      `{"operatorType":"StringIn","key":"data.value","values":[1]}`,
      `{"operatorType":"NumberIn","key":"data.value","values":["1"]}`,
      `{"operatorType":"NumberInRange","key":"data.value","values":[[1]]}`,
      `{"operatorType":"NumberLessThan","key":"data.value"}`,
      `{"operatorType":"BoolEquals","key":"data.value","value":"true"}`,
      `{"operatorType":"IsNotNull","key":""}`,
      `{"operatorType":{"toString":1},"key":"data.value","values":["x"]}`,
      `{"key":"data.value"}`,
      `1`,
      `null`,
    ]) {
      refused(fromFile(text));
    }
    for (const text of [
      `{"advancedFilters":{}}`,
      `{"includedEventTypes":"shop.order"}`,
      `{"includedEventTypes":[1]}`,
      `{"subjectBeginsWith":1}`,
      `{"subjectEndsWith":[]}`,
      `"filter"`,
    ]) {
      refused(JSON.parse(text) as FilterDescription);
    }
  });
});
