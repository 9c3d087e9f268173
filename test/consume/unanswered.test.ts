import { describe, expect, it } from "vitest";
import { Activity } from "../../src/runtime/activity.js";
import { WaybillError } from "waybill";
import { DeliveryRun } from "../../src/consume/delivery-run.js";
import type { Consumer } from "../../src/consume/environment.js";
import { settle } from "../../src/consume/settle.js";
import type { AppEvent } from "../../src/policy/app-event.js";
import type { Delivery, Receiver } from "../../src/transport/index.js";
import { StillRuntime } from "../differential/still-runtime.js";
import { jobs } from "../service/jobs.js";

type Answers = Awaited<ReturnType<Receiver["settle"]>>;

/** A delivery whose receiver answers a settlement as the test says. */
function settling(answer: Promise<Answers> | (() => Promise<Answers>)) {
  const runtime = new StillRuntime();
  const told: AppEvent[] = [];
  const consumer = {
    runtime,
    service: "worker",
    source: { kind: "queue", address: "jobs", channel: jobs["~channel"] },
    spec: { channel: jobs["~channel"], as: "jobs" },
    receiver: { settle: () => (typeof answer === "function" ? answer() : answer) },
    can: { release: false },
    emit: (event: AppEvent) => void told.push(event),
  } as unknown as Consumer;
  const envelope = { id: "1", type: "t.job", history: {} };
  const delivery = { envelope, deliveryCount: 1, lane: undefined } as unknown as Delivery;
  const run = new DeliveryRun(
    delivery,
    new Activity().begin(() => "a job"),
  );
  const again = () => settle(consumer, run, { kind: "complete", how: "handled", durationMs: 0 });
  return { runtime, told, settled: again(), again };
}

const atRest = (): Promise<void> => Promise.resolve();

describe("a settlement that its receiver does not answer", () => {
  it("ends after a minute, is told of as ambiguous, and its delivery is left", async () => {
    const { runtime, told, settled } = settling(new Promise(() => undefined));
    await runtime.advance(59_999, atRest);
    expect(told).toEqual([]);
    await runtime.advance(1, atRest);
    expect(await settled).toBe("left");
    expect(told).toMatchObject([
      {
        event: "settleFailed",
        id: "1",
        error: {
          code: "settleFailed",
          class: "ambiguous",
          message: expect.stringMatching(/has not answered for 60000 ms/) as string,
        },
      },
    ]);
  });

  it("of a stream is done if it turns out to be settled: only this process could have", async () => {
    const lockLost = new WaybillError("lockLost", "it was settled already");
    const answers = [new Promise<Answers>(() => undefined), Promise.resolve([lockLost])];
    const { runtime, told, settled, again } = settling(() => answers.shift() ?? Promise.resolve([]));
    await runtime.advance(60_000, atRest);
    expect(await settled).toBe("left");
    expect(await again()).toBe("done");
    expect(told.map(({ event }) => event)).toEqual(["settleFailed", "handled"]);
  });

  it("changes nothing by an answer that comes later", async () => {
    let answer: (answers: Answers) => void = () => undefined;
    const { runtime, told, settled } = settling(new Promise((resolve) => (answer = resolve)));
    await runtime.advance(60_000, atRest);
    await settled;
    answer([undefined]);
    await runtime.advance(1, atRest);
    expect(told.map(({ event }) => event)).toEqual(["settleFailed"]);
  });

  it("is done as ever where the answer comes in time", async () => {
    let answer: (answers: Answers) => void = () => undefined;
    const { runtime, told, settled } = settling(new Promise((resolve) => (answer = resolve)));
    await runtime.advance(59_000, atRest);
    answer([undefined]);
    expect(await settled).toBe("done");
    expect(told.map(({ event }) => event)).toEqual(["handled"]);
  });
});
