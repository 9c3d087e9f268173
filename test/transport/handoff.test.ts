import { describe, expect, it } from "vitest";
import { WaybillError } from "../../src/errors.js";
import { Handoff } from "../../src/transport/handoff.js";
import type { Delivery } from "../../src/transport/transport.js";

const never = new AbortController().signal;
const deliveries = (count: number): Delivery[] =>
  Array.from({ length: count }, (_, n) => ({ native: n }) as unknown as Delivery);

describe("a handoff", () => {
  it("whose receive is raised gives it so many, and never fewer than it asked for", async () => {
    const handoff = new Handoff();
    const waiting = handoff.receive(2, never, () => undefined);
    expect([handoff.raise(1), handoff.raise(2), handoff.raise(3)]).toEqual([false, false, true]);
    handoff.push(...deliveries(4));
    expect(await waiting).toHaveLength(3);
    expect(handoff.takeBack()).toHaveLength(1);
  });

  it("of which nobody waits is not raised", () => {
    expect(new Handoff().raise(3)).toBe(false);
  });

  it("fails the receive that waits when asking for it throws at once", async () => {
    const handoff = new Handoff();
    const waiting = Promise.resolve(handoff.receive(1, never, () => undefined));
    handoff.ask(
      () => {
        throw new Error("closed");
      },
      (cause) => new WaybillError("transportFailed", "cannot receive", { cause }),
    );
    await expect(waiting).rejects.toMatchObject({ code: "transportFailed" });
  });
});
