import { describe, expect, it } from "vitest";
import { checkFirst, startOf } from "../../adapters/event-hubs/start-position.js";

const ends = (begin: number, last: number) => ({
  beginningSequenceNumber: begin,
  lastEnqueuedSequenceNumber: last,
  lastEnqueuedOffset: `o${String(last)}`,
});
const done = (sequenceNumber: number, offset = `o${String(sequenceNumber)}`) => ({
  partition: "0",
  offset,
  sequenceNumber: String(sequenceNumber),
});
const earliest = { offset: "-1" };

describe("a partition without a checkpoint", () => {
  it.each([
    ["earliest", "earliest" as const, ends(3, 9), { position: earliest, last: 2 }],
    ["a time", { afterMs: 7 }, ends(0, 9), { position: { enqueuedOn: 7 }, last: undefined }],
    [
      "latest, which is remembered",
      "latest" as const,
      ends(0, 9),
      { position: { sequenceNumber: 9, isInclusive: false }, last: 9, store: done(9) },
    ],
    [
      "latest of an empty hub, before everything that is still to come",
      "latest" as const,
      ends(0, -1),
      { position: earliest, last: -1, store: done(-1, "-1") },
    ],
  ])("is read from %s", (_, startFrom, at, start) => {
    expect(startOf("here", "0", undefined, startFrom, at)).toEqual(start);
  });
});

describe("a partition with a checkpoint", () => {
  it.each([
    ["the event that was done last, to see that it is the same", done(5), ends(0, 9)],
    ["the last event of all", done(9), ends(0, 9)],
  ])("is read from %s", (_, checkpoint, at) => {
    expect(startOf("here", "0", checkpoint, "latest", at)).toEqual({
      position: { sequenceNumber: Number(checkpoint.sequenceNumber), isInclusive: true },
      last: Number(checkpoint.sequenceNumber) - 1,
      done: checkpoint,
    });
  });

  it("is read from its beginning when nothing between was missed", () => {
    expect(startOf("here", "0", done(5), "latest", ends(6, 9))).toEqual({ position: earliest, last: 5 });
    expect(startOf("here", "0", done(-1), "latest", ends(0, 9))).toEqual({ position: earliest, last: -1 });
  });

  it.each([
    ["the hub ends before it", done(10), ends(0, 9), /made anew.*beginning/],
    ["the hub is empty", done(10), ends(0, -1), /made anew/],
    ["events behind it have expired", done(5), ends(8, 9), /sequence numbers 6 to 7.*retains/],
  ])("is read from its beginning, and that is said, when %s", (_, checkpoint, at, said) => {
    const { position, problem } = startOf("here", "0", checkpoint, "latest", at);
    expect(position).toEqual(earliest);
    expect(problem).toMatchObject({ code: "notFound", class: "transient" });
    expect(problem?.message).toMatch(said);
  });
});

describe("the first event that is read from a checkpoint", () => {
  it.each([
    ["is the one that was done", done(5), { sequenceNumber: 5, offset: "o5" }, "done"],
    ["is the next one, the other has expired", done(5), { sequenceNumber: 6, offset: "o6" }, "next"],
    ["is a later one, and those between are missing", done(5), { sequenceNumber: 9, offset: "o9" }, "later"],
    ["has an offset of another kind", done(5, "1234"), { sequenceNumber: 5, offset: "1:1234" }, "done"],
  ])("%s", (_, checkpoint, first, found) => {
    expect(checkFirst("here", checkpoint, first)).toBe(found);
  });

  it("shows another event, so the hub was made anew", () => {
    expect(checkFirst("here", done(5), { sequenceNumber: 5, offset: "o7" })).toMatchObject({
      code: "notFound",
      class: "transient",
    });
  });
});
