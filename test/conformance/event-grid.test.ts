import { describe, expect, it } from "vitest";
import { sections, type Section } from "../../src/testing/conformance/behaviour.js";
import { transportConformance } from "../../src/testing/conformance/transport-conformance.js";
import { eventGridAdapter } from "./event-grid-adapter.js";

/** What needs queues, topics or streams. */
const unsupported = new Set([
  ...[20, 48, 50, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91],
  ...[92, 93, 94, 95, 96, 97, 99, 109, 110],
]);
const cases = transportConformance(eventGridAdapter);

describe.each(Object.keys(sections).filter((section) => section !== "P") as Section[])(
  "the Event Grid adapter, section %s",
  (section) => {
    it.each(cases.filter((each) => each.section === section))("shows $title", async ({ number, run }) => {
      expect(await run()).toBe(unsupported.has(number) ? "unsupported" : "pass");
    });
  },
);
