import { describe, expect, it } from "vitest";
import type { Consumer } from "../../src/consume/environment.js";
import { Intake } from "../../src/consume/intake.js";
import type { Delivery } from "../../src/transport/index.js";
import { StillRuntime } from "../differential/still-runtime.js";
import { jobs } from "../service/jobs.js";

interface Request {
  readonly signal: AbortSignal;
  answer(deliveries: readonly Delivery[]): Promise<void>;
}

/** An intake that asks for one delivery whenever it may, of a receiver that answers when the test says. */
function asking() {
  const requests: Request[] = [];
  const taken: (readonly Delivery[])[] = [];
  const receiver = {
    receive: (_max: number, signal: AbortSignal) =>
      new Promise<readonly Delivery[]>((resolve) => {
        const answer = async (deliveries: readonly Delivery[]): Promise<void> => {
          resolve(deliveries);
          await intake.receiving;
        };
        requests.push({ signal, answer });
      }),
  };
  const consumer = {
    runtime: new StillRuntime(),
    source: { kind: "queue", address: "jobs", channel: jobs["~channel"] },
    spec: { channel: jobs["~channel"], as: "jobs" },
    receiver,
  } as unknown as Consumer;
  const intake: Intake = new Intake(consumer, {
    received: (deliveries) => {
      taken.push(deliveries);
      intake.ask(1);
    },
    wanted: () => {
      intake.ask(1);
    },
  });
  intake.ask(1);
  return { intake, requests, taken };
}

const message = {} as Delivery;

it("A consumer asks again when its receive ends with nothing, as when what came was lost on the way", async () => {
  const { requests } = asking();
  await requests[0]?.answer([]);
  expect(requests.map(({ signal }) => signal.aborted)).toEqual([false, false]);
});

describe("a consumer that is paused and resumed while its receive is under way", () => {
  it("asks again when the receive that was given up ends with nothing", async () => {
    const { intake, requests } = asking();
    intake.pause();
    intake.resume();
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([true]);
    await requests[0]?.answer([]);
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  it("takes what the receive that was given up still brings, and asks again", async () => {
    const { intake, requests, taken } = asking();
    intake.pause();
    intake.resume();
    await requests[0]?.answer([message]);
    expect(taken).toEqual([[message]]);
    expect(requests).toHaveLength(2);
  });

  it("asks nobody while it is paused", async () => {
    const { intake, requests } = asking();
    intake.pause();
    await requests[0]?.answer([]);
    expect(requests).toHaveLength(1);
    intake.resume();
    expect(requests).toHaveLength(2);
  });
});
