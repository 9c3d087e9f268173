import { describe, expect, it } from "vitest";
import { within } from "../../src/transport/within.js";
import { StillRuntime } from "../differential/still-runtime.js";

/** A deadline of a second on a clock that stands still, and operations whose ends the test says. */
function bounded() {
  const runtime = new StillRuntime();
  const deadline = { runtime, operationMs: 1_000 };
  const late: string[] = [];
  const begin = (doing: string) => {
    let answer: (outcome: string) => void = () => undefined;
    let fail: (error: unknown) => void = () => undefined;
    const operation = () =>
      new Promise<string>((resolve, reject) => {
        answer = resolve;
        fail = reject;
      });
    const ended = within(deadline, doing, operation, (outcome) => late.push(outcome)).catch(
      (error: unknown) => (error instanceof Error ? error.message : error),
    );
    return { ended, answer, fail };
  };
  const advance = (ms: number) => runtime.advance(ms, () => Promise.resolve());
  return { advance, deadline, late, begin };
}

describe("operations with a deadline", () => {
  it("end with what they bring, or with why they failed", async () => {
    const { begin, late } = bounded();
    const [one, two] = [begin("one"), begin("two")];
    two.fail(new Error("refused"));
    one.answer("done");
    expect([await one.ended, await two.ended, late]).toEqual(["done", "refused", []]);
  });

  it("time out each at its own time, whichever of the others have ended", async () => {
    const { advance, begin } = bounded();
    const first = begin("first");
    await advance(400);
    const second = begin("second");
    await advance(400);
    const third = begin("third");
    first.answer("done");
    await advance(599);
    const open = Symbol("open");
    const state = (ended: Promise<unknown>) => Promise.race([ended, Promise.resolve(open)]);
    expect([await state(second.ended), await state(third.ended)]).toEqual([open, open]);
    await advance(1);
    expect(await state(second.ended)).toBe("second: the service's client has not answered for 1000 ms");
    expect(await state(third.ended)).toBe(open);
    await advance(400);
    expect(await third.ended).toBe("third: the service's client has not answered for 1000 ms");
  });

  it("hand on what comes late, and swallow a late failure", async () => {
    const { advance, begin, late } = bounded();
    const [one, two] = [begin("one"), begin("two")];
    await advance(1_000);
    await Promise.all([one.ended, two.ended]);
    one.answer("too late");
    two.fail(new Error("nobody's"));
    await advance(1_000);
    expect(late).toEqual(["too late"]);
  });

  it("that cannot even begin reject, and leave nothing that waits", async () => {
    const { deadline, begin, advance } = bounded();
    const refused = within(deadline, "one", () => {
      throw new Error("closed");
    });
    await expect(refused).rejects.toThrow("closed");
    const next = begin("two");
    await advance(999);
    next.answer("in time");
    expect(await next.ended).toBe("in time");
  });
});
