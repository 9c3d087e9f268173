import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../adapters/memory/broker/delivery.js";
import { deadLetters, later, message, queueBroker, startMs, textOf } from "./fixtures.js";
import { QueueModel, type ModelDelivery } from "./queue-model.js";

const lockMs = 50;
const maxDeliveries = 3;

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant("send" as const), ttl: fc.integer({ min: 1, max: 300 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("schedule" as const),
      ttl: fc.integer({ min: 1, max: 300 }),
      delay: fc.integer({ min: 1, max: 100 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant("take" as const), max: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constantFrom("complete", "abandon", "release", "defer", "deadLetter", "renew"),
      which: fc.nat(20),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("receiveDeferred" as const), sequence: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("cancel" as const), sequence: fc.nat(20) }) },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 120 }) }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** An engine and a model to which the same things happen. */
class Pair {
  readonly broker = queueBroker({
    lockDurationMs: lockMs,
    maxDeliveryCount: maxDeliveries,
    deadLetteringOnMessageExpiration: true,
  });
  readonly receiver = this.broker.attachReceiver("q");
  readonly model = new QueueModel(startMs, lockMs, maxDeliveries);
  readonly taken: [Delivery, ModelDelivery][] = [];
  #sent = 0;

  run(each: Step): void {
    const { broker, model, receiver } = this;
    switch (each.op) {
      case "send":
      case "schedule": {
        const text = `m${String((this.#sent += 1))}`;
        const delay = "delay" in each ? each.delay : 0;
        const [number] = broker.send("q", [
          message(text, {
            timeToLiveMs: each.ttl,
            ...(delay > 0 ? { scheduledEnqueueTimeMs: broker.nowMs + delay } : {}),
          }),
        ]);
        expect(number).toBe(model.send(text, each.ttl, delay));
        break;
      }
      case "take":
        this.#compare(receiver.take(each.max), model.take(each.max));
        break;
      case "receiveDeferred": {
        const expected = model.takeDeferred(each.sequence);
        const taken = succeeded(() =>
          this.#compare(receiver.receiveDeferred([each.sequence]), only(expected)),
        );
        expect(taken).toBe(expected !== undefined);
        break;
      }
      case "cancel":
        expect(
          succeeded(() => {
            broker.cancelScheduled("q", [each.sequence]);
          }),
        ).toBe(model.cancel(each.sequence));
        break;
      case "advance":
        later(broker, each.ms);
        model.advance(each.ms);
        break;
      default:
        this.#settle(each.op, each.which);
    }
    this.#compareState();
  }

  #settle(how: string, which: number): void {
    const pair = this.taken[which % Math.max(1, this.taken.length)];
    if (pair === undefined) return;
    const [delivery, expected] = pair;
    const { receiver } = this;
    const act = {
      complete: () => {
        receiver.complete(delivery);
      },
      abandon: () => {
        receiver.abandon(delivery);
      },
      release: () => {
        receiver.release(delivery);
      },
      defer: () => {
        receiver.defer(delivery);
      },
      deadLetter: () => {
        receiver.deadLetter(delivery, { reason: "Asked" });
      },
      renew: () => receiver.renewLock(delivery),
    }[how as "complete"];
    expect(succeeded(act)).toBe(this.model.settle(expected, how as "complete"));
  }

  #compare(got: readonly Delivery[], expected: readonly ModelDelivery[]): void {
    const shown = got.map((delivery) => ({
      text: textOf(delivery),
      sequence: delivery.sequenceNumber,
      count: delivery.deliveryCount,
    }));
    expect(shown).toEqual(expected.map(({ text, sequence, count }) => ({ text, sequence, count })));
    got.forEach((delivery, at) => {
      const twin = expected[at];
      if (twin !== undefined) this.taken.push([delivery, twin]);
    });
  }

  #compareState(): void {
    const states = { ready: 0, locked: 0, deferred: 1, deferredLocked: 1, scheduled: 2 };
    const seen = this.broker.peek("q", { count: 99 }).map((each) => ({
      text: textOf(each),
      sequence: each.sequenceNumber,
      state: each.state,
      count: each.deliveryCount,
    }));
    expect(seen).toEqual(
      this.model.messages.map(({ text, sequence, state, count }) => ({
        text,
        sequence,
        state: states[state],
        count,
      })),
    );
    const dead = deadLetters(this.broker).map((each) => ({
      text: textOf(each),
      reason: each.message.applicationProperties?.["DeadLetterReason"],
    }));
    expect(new Set(dead.map((each) => JSON.stringify(each)))).toEqual(
      new Set(this.model.dead.map((each) => JSON.stringify(each))),
    );
  }
}

const only = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

function succeeded(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "BrokerError") return false;
    throw error;
  }
}

describe("a queue", () => {
  it("behaves like a plain list under any sequence of operations, and is empty when emptied", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const pair = new Pair();
        for (const each of steps) pair.run(each);
        pair.broker.peek("q", { count: 99 }).forEach(({ state, sequenceNumber }) => {
          if (state === 2) pair.broker.cancelScheduled("q", [sequenceNumber]);
        });
        later(pair.broker, lockMs);
        pair.broker.purge("q");
        pair.broker.purge("q/$deadletterqueue");
        expect(pair.broker.getQueue("q").sizeBytes).toBe(0);
        expect(pair.broker.nextDueMs()).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });
});
