import { afterAll, describe, expect, it } from "vitest";
import { transportConformance } from "../../src/testing/conformance/transport-conformance.js";
import { storageQueueAdapter } from "./storage-queue-adapter.js";

/** What a plain queue has not: discarding beside dead letters, topics, sessions, streams, deferral. */
const unsupported = [41, 110];
const unsupportedSections = ["F", "G", "H"];
const cases = transportConformance(storageQueueAdapter);
const tried = (stopsBroker: boolean) => cases.filter((each) => each.stopsBroker === stopsBroker);

afterAll(() => storageQueueAdapter.close?.());

// Side by side, because in real time most of them wait.
describe.concurrent("the Storage Queue adapter", () => {
  it.each(tried(false))("shows $title", async ({ number, section, run }) => {
    const outcome = await run();
    const lacks = unsupported.includes(number) || unsupportedSections.includes(section);
    expect(outcome, `behaviour ${number}`).toBe(lacks ? "unsupported" : "pass");
  });
});

describe("the Storage Queue adapter, when its broker stops", () => {
  it.each(tried(true))("shows $title", async ({ run }) => {
    expect(await run()).toBe("pass");
  });
});
