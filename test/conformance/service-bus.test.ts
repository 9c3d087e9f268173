import { describe, expect, it } from "vitest";
import { sections, type Section } from "../../src/testing/conformance/behaviour.js";
import { transportConformance } from "../../src/testing/conformance/transport-conformance.js";
import { serviceBusAdapter } from "./service-bus-adapter.js";

/** What Service Bus has not: a delay in place, streams. */
const unsupported = [39, 81, 83, 84, 85, 86, 87, 88, 89, 90, 91];
const cases = transportConformance(serviceBusAdapter);

describe.each(Object.keys(sections).filter((section) => section !== "P") as Section[])(
  "the Service Bus adapter, section %s",
  (section) => {
    it.each(cases.filter((each) => each.section === section))("shows $title", async ({ number, run }) => {
      expect(await run()).toBe(unsupported.includes(number) ? "unsupported" : "pass");
    });
  },
);
