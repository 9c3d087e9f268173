import { expect, it } from "vitest";
import { campaign } from "../../src/testing/simulation/campaign.js";
import { storyOf } from "../../src/testing/simulation/story.js";

/** Enough to notice a mistake at once; `npm run sim` runs many more. */
const seeds = 60;

it(`holds every invariant over ${seeds} schedules`, async () => {
  const { failure, run } = await campaign({ first: 1, seeds });
  expect(failure === undefined ? "" : storyOf(failure)).toBe("");
  expect(run).toBe(seeds);
});
