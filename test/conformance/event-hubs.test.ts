import { describe, expect, it } from "vitest";
import { sections, type Section } from "../../src/testing/conformance/behaviour.js";
import { transportConformance } from "../../src/testing/conformance/transport-conformance.js";
import { eventHubsAdapter } from "./event-hubs-adapter.js";

/** What needs queues, topics or notifications, a put-back, sessions, schedules or duplicate detection. */
const unsupported = new Set([
  ...[31, 33, 35, 37, 39, 42, 43, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 59, 60, 69],
  ...[76, 77, 78, 79, 80, 92, 93, 94, 95, 96, 97, 99, 109, 110],
]);
const cases = transportConformance(eventHubsAdapter);

describe.each(Object.keys(sections).filter((section) => section !== "P") as Section[])(
  "the Event Hubs adapter, section %s",
  (section) => {
    it.each(cases.filter((each) => each.section === section))("shows $title", async ({ number, run }) => {
      expect(await run()).toBe(unsupported.has(number) ? "unsupported" : "pass");
    });
  },
);
