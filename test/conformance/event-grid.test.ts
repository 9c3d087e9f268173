import { describe, expect, it } from "vitest";
import { sections, type Section } from "../../src/testing/conformance/behaviour.js";
import { transportConformance } from "../../src/testing/conformance/transport-conformance.js";
import { eventGridAdapter } from "./event-grid-adapter.js";

/** What needs queues, topics or streams. */
const unsupported = new Set<number>([]);
const cases = transportConformance(eventGridAdapter);

describe.each(Object.keys(sections).filter((section) => section !== "P") as Section[])(
  "the Event Grid adapter, section %s",
  (section) => {
    it.each(cases.filter((each) => each.section === section))("shows $title", async ({ number, run }) => {
      expect(await run()).toBe(unsupported.has(number) ? "unsupported" : "pass");
    });
  },
);
