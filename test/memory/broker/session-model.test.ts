import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../adapters/memory/broker/delivery.js";
import type { SessionReceiver } from "../../../adapters/memory/broker/session-receiver.js";
import { deadLetters, later, message, queueBroker, startMs, textOf } from "./fixtures.js";

const lockMs = 50;
const maxDeliveries = 3;
const ids = ["a", "b", "c"];

/** What one session holds, as plain as can be: messages in order, each with its count and whether it is locked. */
interface ModelSession {
  messages: { text: string; count: number; locked: boolean }[];
  heldUntilMs: number | undefined;
  state: number | null;
}

const id = fc.constantFrom(...ids);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant("send" as const), id }) },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constantFrom("accept" as const, "close" as const, "renew" as const), id }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant("take" as const), id, max: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constantFrom("complete" as const, "abandon" as const),
      id,
      which: fc.nat(5),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("state" as const), id, state: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 60 }) }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Pair {
  readonly broker = queueBroker({
    requiresSession: true,
    lockDurationMs: lockMs,
    maxDeliveryCount: maxDeliveries,
  });
  readonly model = new Map(
    ids.map((name): [string, ModelSession] => [name, { messages: [], heldUntilMs: undefined, state: null }]),
  );
  readonly dead: string[] = [];
  readonly receivers = new Map<string, SessionReceiver>();
  readonly taken = new Map<string, Delivery[]>();
  #nowMs = startMs;
  #sent = 0;

  run(each: Step): void {
    if (each.op === "advance") this.#advance(each.ms);
    else this.#inSession(each, this.#session(each.id));
    for (const name of ids) {
      const texts = this.broker.peek("q", { count: 99, sessionId: name }).map(textOf);
      expect(texts).toEqual(this.#session(name).messages.map(({ text }) => text));
    }
    expect(deadLetters(this.broker).map(textOf).sort()).toEqual([...this.dead].sort());
  }

  #inSession(each: Exclude<Step, { op: "advance" }>, session: ModelSession): void {
    const receiver = this.receivers.get(each.id);
    const held = session.heldUntilMs !== undefined;
    switch (each.op) {
      case "send": {
        const text = `${each.id}${String((this.#sent += 1))}`;
        this.broker.send("q", [message(text, { sessionId: each.id })]);
        session.messages.push({ text, count: 0, locked: false });
        return;
      }
      case "accept":
        expect(succeeded(() => this.receivers.set(each.id, this.broker.acceptSession("q", each.id)))).toBe(
          !held,
        );
        if (!held) session.heldUntilMs = this.#nowMs + lockMs;
        return;
      case "close":
        receiver?.close();
        if (held) this.#release(session, false);
        return;
      case "renew":
        expect(succeeded(() => receiver?.renewSessionLock() ?? fail())).toBe(held);
        if (held) session.heldUntilMs = this.#nowMs + lockMs;
        return;
      case "take":
        this.#take(each.id, each.max, held, session);
        return;
      case "state":
        if (!held || receiver === undefined) return;
        expect(receiver.getSessionState()).toEqual(
          session.state === null ? null : Uint8Array.of(session.state),
        );
        receiver.setSessionState(Uint8Array.of(each.state));
        session.state = each.state;
        return;
      default:
        this.#settle(each.op, each.id, each.which, session);
    }
  }

  #take(name: string, max: number, held: boolean, session: ModelSession): void {
    let got: Delivery[] = [];
    expect(succeeded(() => (got = this.receivers.get(name)?.take(max) ?? fail()))).toBe(held);
    if (!held) return;
    const expected = session.messages.filter(({ locked }) => !locked).slice(0, max);
    expect(got.map((delivery) => [textOf(delivery), delivery.deliveryCount])).toEqual(
      expected.map(({ text, count }) => [text, count]),
    );
    for (const each of expected) each.locked = true;
    this.taken.set(name, [...(this.taken.get(name) ?? []), ...got]);
  }

  #settle(how: "complete" | "abandon", name: string, which: number, session: ModelSession): void {
    const deliveries = this.taken.get(name) ?? [];
    const delivery = deliveries[which % Math.max(1, deliveries.length)];
    const receiver = this.receivers.get(name);
    if (delivery === undefined || receiver === undefined) return;
    const target = session.messages.find(({ text, locked }) => locked && text === textOf(delivery));
    const current = target?.count === delivery.deliveryCount && delivery.lockedUntilMs !== undefined;
    expect(delivery.lockedUntilMs).toBe(current ? session.heldUntilMs : undefined);
    expect(
      succeeded(() => {
        receiver[how](delivery);
      }),
    ).toBe(current);
    if (target === undefined || !current) return;
    if (how === "complete") session.messages = session.messages.filter((other) => other !== target);
    else this.#giveBack(session, target, true);
  }

  #advance(ms: number): void {
    later(this.broker, ms);
    this.#nowMs += ms;
    for (const session of this.model.values()) {
      if (session.heldUntilMs !== undefined && session.heldUntilMs <= this.#nowMs)
        this.#release(session, true);
    }
  }

  #release(session: ModelSession, counted: boolean): void {
    session.heldUntilMs = undefined;
    for (const each of session.messages.filter(({ locked }) => locked))
      this.#giveBack(session, each, counted);
  }

  #giveBack(session: ModelSession, target: ModelSession["messages"][number], counted: boolean): void {
    target.locked = false;
    if (!counted) return;
    target.count += 1;
    if (target.count < maxDeliveries) return;
    session.messages = session.messages.filter((other) => other !== target);
    this.dead.push(target.text);
  }

  #session(name: string): ModelSession {
    const session = this.model.get(name);
    if (session === undefined) throw new Error(`no session ${name}`);
    return session;
  }
}

function fail(): never {
  throw Object.assign(new Error("no receiver yet"), { name: "BrokerError" });
}

function succeeded(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "BrokerError") return false;
    throw error;
  }
}

describe("sessions", () => {
  it("behave like plain lists with one holder each under any sequence of operations", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        const pair = new Pair();
        for (const each of steps) pair.run(each);
      }),
      { numRuns: 400 },
    );
  });
});
