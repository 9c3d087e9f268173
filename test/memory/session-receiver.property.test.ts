import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery, Receiver } from "../../src/transport/index.js";
import { complete, envelope, Fixture, now, queueSource, release, send, settle } from "./adapter-fixture.js";

const lockMs = 60_000;
const jobs = queueSource("jobs", { ordered: true, lockMs, maxDeliveries: 2_000 });
const receivers = 3;

type Step =
  | { readonly do: "send"; readonly key: string }
  | { readonly do: "receive"; readonly by: number; readonly max: number }
  | { readonly do: "complete" | "release"; readonly at: number }
  | { readonly do: "reopen"; readonly by: number }
  | { readonly do: "wait"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("send" as const), key: fc.constantFrom("a", "b", "c") }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("receive" as const),
      by: fc.nat({ max: receivers - 1 }),
      max: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom("complete" as const, "release" as const), at: fc.nat() }),
  },
  fc.record({ do: fc.constant("reopen" as const), by: fc.nat({ max: receivers - 1 }) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, lockMs / 2, lockMs) }),
);

/** What is known from outside: what was sent, what was settled, and who has what. */
class Watcher {
  readonly fixture = new Fixture();
  readonly connection = this.fixture.connect([jobs]);
  readonly readers: Receiver[] = [];
  readonly waiting = new Map<string, string[]>();
  open: { delivery: Delivery; by: number; untilMs: number }[] = [];
  #sent = 0;

  constructor(private readonly perLane: number) {
    for (let by = 0; by < receivers; by += 1) this.readers.push(this.#reader());
  }

  async run(step: Step): Promise<void> {
    switch (step.do) {
      case "send": {
        const id = `${step.key}${String((this.#sent += 1))}`;
        send(this.connection, jobs, envelope(id, { key: step.key }));
        this.waiting.set(step.key, [...(this.waiting.get(step.key) ?? []), id]);
        return;
      }
      case "receive":
        for (const delivery of now(this.readers[step.by]!, step.max)) this.#received(delivery, step.by);
        return;
      case "complete":
      case "release":
        this.#settle(step.do, step.at);
        return;
      case "reopen":
        void this.readers[step.by]?.close();
        this.readers[step.by] = this.#reader();
        this.open = this.open.filter(({ by }) => by !== step.by);
        return;
      case "wait":
        await this.fixture.advance(step.ms);
        this.open = this.open.filter(({ untilMs }) => untilMs > this.fixture.runtime.now());
    }
  }

  #received(delivery: Delivery, by: number): void {
    const { id, key = "" } = delivery.envelope;
    const ofKey = this.open.filter((each) => each.delivery.lane === key);
    expect(ofKey.every((each) => each.by === by)).toBe(true);
    expect(ofKey.length).toBeLessThan(this.perLane);
    const held = new Set(ofKey.map((each) => each.delivery.envelope.id));
    expect(id).toBe(this.waiting.get(key)?.find((each) => !held.has(each)));
    this.open.push({ delivery, by, untilMs: delivery.lockedUntilMs ?? 0 });
  }

  #settle(kind: "complete" | "release", at: number): void {
    const [taken] = this.open.splice(at % Math.max(1, this.open.length), 1);
    if (taken === undefined) return;
    const { delivery, by } = taken;
    expect(settle(this.readers[by]!, delivery, kind === "complete" ? complete : release)).toBeUndefined();
    if (kind === "release") return;
    const key = delivery.lane ?? "";
    this.waiting.set(
      key,
      (this.waiting.get(key) ?? []).filter((id) => id !== delivery.envelope.id),
    );
  }

  /** After a while everything that was never completed can be had by one receiver, in order. */
  async drain(): Promise<void> {
    for (let by = 1; by < receivers; by += 1) void this.readers[by]?.close();
    await this.fixture.advance(2 * lockMs);
    const reader = this.readers[0]!;
    for (let got = now(reader); got.length > 0; got = now(reader)) {
      for (const delivery of got) {
        expect(this.waiting.get(delivery.lane ?? "")?.shift()).toBe(delivery.envelope.id);
        settle(reader, delivery, complete);
      }
    }
    expect([...this.waiting.values()].flat()).toEqual([]);
  }

  #reader(): Receiver {
    return this.fixture.receiver(this.connection, jobs, { lanes: 2, perLane: this.perLane });
  }
}

describe("session receivers", () => {
  it("share the sessions so that each key has one holder, keeps its order and loses nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, perLane) => {
          const watcher = new Watcher(perLane);
          for (const each of steps) await watcher.run(each);
          await watcher.drain();
        },
      ),
      { numRuns: 200 },
    );
  });
});
