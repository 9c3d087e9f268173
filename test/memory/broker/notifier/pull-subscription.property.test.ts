import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cloudEvent, hour, minute, pullStage, startMs, type PullStage } from "./fixtures.js";

/*
 * The model is a list of events and rules of the fact sheet, looked at from scratch after every step; it shares no code
 * with the subscription, which keeps a ready list, an agenda and counters.
 */
interface ModelEvent {
  readonly id: string;
  readonly expiresMs: number;
  receives: number;
  firstReceiveMs: number | undefined;
  lockedUntilMs: number | undefined;
  hiddenUntilMs: number | undefined;
  end: "acknowledged" | "dead" | undefined;
}

interface Handed {
  readonly token: string;
  readonly event: ModelEvent;
  readonly receive: number;
}

const lockMs = 60_000;
const timeToLiveMs = 90 * minute;
const maxReceives = 3;

class Model {
  nowMs = startMs;
  readonly events: ModelEvent[] = [];
  readonly handed: Handed[] = [];
  readonly dead: string[] = [];

  holds(handed: Handed): boolean {
    const { event } = handed;
    return event.end === undefined && event.lockedUntilMs !== undefined && event.receives === handed.receive;
  }

  ready(): readonly ModelEvent[] {
    return this.events.filter(
      ({ end, lockedUntilMs, hiddenUntilMs }) =>
        end === undefined && lockedUntilMs === undefined && hiddenUntilMs === undefined,
    );
  }

  giveUp(event: ModelEvent): void {
    event.end = "dead";
    this.dead.push(event.id);
  }

  giveBack(event: ModelEvent): void {
    event.lockedUntilMs = undefined;
    if (event.receives >= maxReceives) this.giveUp(event);
  }

  advance(ms: number): void {
    const target = this.nowMs + ms;
    for (;;) {
      const due = this.events
        .filter((event) => event.end === undefined)
        .map((event) => ({ event, ms: nextMs(event) }))
        .filter((one) => one.ms <= target)
        .sort((a, b) => a.ms - b.ms)[0];
      if (due === undefined) break;
      this.nowMs = due.ms;
      if (due.ms >= due.event.expiresMs) this.giveUp(due.event);
      else if (due.event.lockedUntilMs === due.ms) this.giveBack(due.event);
      else due.event.hiddenUntilMs = undefined;
    }
    this.nowMs = target;
  }
}

function nextMs(event: ModelEvent): number {
  return event.lockedUntilMs ?? Math.min(event.hiddenUntilMs ?? Infinity, event.expiresMs);
}

interface Pair {
  readonly model: Model;
  readonly stage: PullStage;
}

type Step = (pair: Pair) => void;

const publish: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 3 }).map((count) => ({ model, stage }) => {
  for (let left = count; left > 0; left--) {
    const id = String(model.events.length);
    const fresh = {
      receives: 0,
      firstReceiveMs: undefined,
      lockedUntilMs: undefined,
      hiddenUntilMs: undefined,
    };
    model.events.push({ id, expiresMs: model.nowMs + timeToLiveMs, ...fresh, end: undefined });
    stage.notifier.publishEvents("orders", [cloudEvent(id)]);
  }
});

const take: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 4 }).map((max) => ({ model, stage }) => {
  const expected = model.ready();
  const deliveries = stage.subscription.take(max);
  expect(deliveries).toHaveLength(Math.min(max, expected.length));
  for (const delivery of deliveries) {
    const event = expected.find(({ id }) => id === delivery.eventId);
    if (event === undefined) throw new Error(`event ${delivery.eventId} was not available`);
    event.receives += 1;
    event.firstReceiveMs ??= model.nowMs;
    event.lockedUntilMs = model.nowMs + lockMs;
    expect(delivery).toMatchObject({ deliveryCount: event.receives, lockedUntilMs: event.lockedUntilMs });
    model.handed.push({ token: delivery.lockToken, event, receive: event.receives });
  }
});

const advance: fc.Arbitrary<Step> = fc
  .constantFrom(1, 9_999, 10_000, 30_000, 30_000, 59_999, 60_000, 30 * minute, hour)
  .map((ms) => ({ model, stage }) => {
    model.advance(ms);
    stage.notifier.advanceTo(model.nowMs);
  });

const operation = fc.constantFrom("acknowledge", "release", "reject", "renewLock");

const settle: fc.Arbitrary<Step> = fc
  .tuple(operation, fc.array(fc.nat(6), { minLength: 1, maxLength: 3 }), fc.constantFrom(0, 10, 3_600))
  .map(([name, picks, delay]) => ({ model, stage }) => {
    // Recent tokens only: the older ones are lost in nearly every case.
    const chosen = picks.flatMap((pick) => model.handed.at(-1 - pick) ?? []);
    const expected = chosen.filter((handed) => {
      const held = model.holds(handed);
      return held && settled(model, handed.event, name, delay * 1_000);
    });
    const tokens = chosen.map((handed) => handed.token);
    const results =
      name === "release" ? stage.subscription.release(tokens, delay) : stage.subscription[name](tokens);
    expect(results.succeededLockTokens).toEqual(expected.map((handed) => handed.token));
    expect(results.failedLockTokens).toHaveLength(chosen.length - expected.length);
    expect(results.failedLockTokens.every(({ error }) => error.code === "TokenLost")).toBe(true);
  });

function settled(model: Model, event: ModelEvent, name: string, delayMs: number): boolean {
  if (name === "renewLock") {
    if (model.nowMs - (event.firstReceiveMs ?? 0) > hour) return false;
    event.lockedUntilMs = model.nowMs + lockMs;
  } else if (name === "acknowledge") event.end = "acknowledged";
  else if (name === "reject") model.giveUp(event);
  else {
    model.giveBack(event);
    event.hiddenUntilMs = delayMs === 0 ? undefined : model.nowMs + delayMs;
  }
  return true;
}

function compare({ model, stage }: Pair): void {
  const alive = model.events.filter((event) => event.end === undefined);
  const ready = model.ready().length;
  const locked = alive.filter((event) => event.lockedUntilMs !== undefined).length;
  expect(stage.subscription.counts).toEqual({ ready, locked, delayed: alive.length - ready - locked });
  expect(stage.letters.map((letter) => letter.eventId).toSorted()).toEqual(model.dead.toSorted());
  const next = Math.min(...alive.map(nextMs));
  expect(stage.notifier.nextDueMs() ?? Infinity).toBe(next);
}

describe("a pull subscription", () => {
  it("agrees with its model after any sequence of publishing, receiving, settling and waiting", () => {
    const step = fc.oneof({ arbitrary: settle, weight: 3 }, { arbitrary: take, weight: 3 }, publish, advance);
    const property = fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const options = {
        receiveLockDurationMs: lockMs,
        eventTimeToLiveMs: timeToLiveMs,
        maxDeliveryCount: maxReceives,
      };
      const pair = { model: new Model(), stage: pullStage(options) };
      for (const run of steps) {
        run(pair);
        compare(pair);
      }
    });
    // A failure prints its seed and path.
    fc.assert(property, { numRuns: 300 });
  });
});
