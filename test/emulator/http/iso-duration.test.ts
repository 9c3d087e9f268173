import { describe, expect, it } from "vitest";
import {
  endlessDuration,
  formatDuration,
  parseDuration,
} from "../../../tools/emulator/http/administration/iso-duration.js";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe("durations of the administration API", () => {
  it.each([
    ["PT1M", minute],
    ["PT30S", 30_000],
    ["PT0.5S", 500],
    ["P14D", 14 * day],
    ["P1DT2H3M4.25S", day + 2 * hour + 3 * minute + 4_250],
    ["PT90M", 90 * minute],
    ["P1Y", 365 * day],
    ["P2M", 60 * day],
    ["PT0S", 0],
    [endlessDuration, Infinity],
    ["P10675199D", Infinity],
  ])("%s is %d milliseconds", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "P", "PT", "P1DT", "1M", "PT1", "-PT1M", "PT1M ", "P1W", "PT1e3S", "00:01:00"])(
    "%j is no duration",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it.each([
    [minute, "PT1M"],
    [90 * minute, "PT1H30M"],
    [14 * day, "P14D"],
    [day + 4_250, "P1DT4.25S"],
    [0, "PT0S"],
    [Infinity, endlessDuration],
  ])("%d milliseconds are written %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
