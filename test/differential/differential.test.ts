import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { campaign, failureText } from "./campaign.js";
import { EmulatorSide } from "./emulator-side.js";
import { memorySide } from "./memory-side.js";
import { planted } from "./planted.js";
import { StillRuntime } from "./still-runtime.js";

const runtime = new StillRuntime();
let right: EmulatorSide;

beforeAll(async () => {
  right = await EmulatorSide.start(runtime);
});

afterAll(() => right.close());

describe("random sequences of commands", () => {
  it("give the same history in memory and through the client of Service Bus", async () => {
    const { failure, missed } = await campaign({ runtime, left: memorySide(runtime), right }, 1, 50);

    expect(failure && failureText(failure)).toBeUndefined();
    expect(missed).toEqual([]);
  });

  it.each(planted)("show within a few that $name", async ({ alter }) => {
    const left = memorySide(runtime, alter);

    const { failure } = await campaign({ runtime, left, right }, 1, 25);

    expect(failure).toBeDefined();
    expect(failure?.sequence.commands.length).toBeLessThanOrEqual(5);
  });
});
