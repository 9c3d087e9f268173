import { describe, expect, it } from "vitest";
import { sections, type Section } from "../../src/testing/conformance/behaviour.js";
import { transportConformance } from "../../src/testing/conformance/transport-conformance.js";
import { memoryAdapter } from "./memory-adapter.js";

/** What the in-memory broker declares not to have: durability and credentials. */
const unsupported = [12, 95, 140];
const cases = transportConformance(memoryAdapter);

describe.each(Object.keys(sections).filter((section) => section !== "P") as Section[])(
  "the in-memory adapter, section %s",
  (section) => {
    it.each(cases.filter((each) => each.section === section))("shows $title", async ({ number, run }) => {
      expect(await run()).toBe(unsupported.includes(number) ? "unsupported" : "pass");
    });
  },
);
