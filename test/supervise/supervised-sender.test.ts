import { describe, expect, it } from "vitest";
import { ClientCare } from "../../src/supervise/client-care.js";
import { SupervisedSender } from "../../src/supervise/supervised-sender.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import { WaybillError, type Connection, type Outgoing, type SendResult } from "../../src/transport/index.js";

const message = {} as Outgoing;
const ok: SendResult = { ok: true };
const failed = (code: "ambiguousSend" | "tooLarge" | "unauthorized" | "timeout"): SendResult => ({
  ok: false,
  error: new WaybillError(code, code),
});

/** A sender whose connection counts its clients; each send is answered by what is next in `answers`. */
function sending(answers: SendResult[]) {
  const runtime = virtualRuntime();
  const opened: { closed: boolean; sent: number }[] = [];
  let recycled = 0;
  const told: string[] = [];
  const care = new ClientCare({ recycle: () => void (recycled += 1) } as unknown as Connection);
  const sender = new SupervisedSender({
    open: () => {
      const mine = { closed: false, sent: 0 };
      opened.push(mine);
      return {
        send: () => {
          mine.sent += 1;
          return Promise.resolve([answers.shift() ?? ok]);
        },
        close: () => {
          mine.closed = true;
        },
      };
    },
    care,
    runtime,
    gapMs: 10_000,
    recycled: (evidence) => told.push(evidence),
  });
  const send = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) await sender.send([message]);
  };
  return { sender, care, opened, told, runtime, send, recycled: () => recycled };
}

describe("a supervised sender", () => {
  it.each(["ambiguousSend", "timeout", "unauthorized"] as const)(
    "goes on over a new client after three sends in a row that end with %s",
    async (code) => {
      const { opened, told, send, recycled } = sending([failed(code), failed(code), failed(code)]);
      await send(4);
      expect(recycled()).toBe(1);
      expect(opened).toEqual([
        { closed: true, sent: 3 },
        { closed: false, sent: 1 },
      ]);
      expect(told).toEqual([code]);
    },
  );

  it("keeps its client when the service answers, and when failures are not in a row", async () => {
    const bad = failed("timeout");
    const { send, recycled } = sending([failed("tooLarge"), bad, bad, ok, bad, bad, failed("tooLarge"), bad]);
    await send(8);
    expect(recycled()).toBe(0);
  });

  it("makes no new client more often than it may", async () => {
    const { runtime, send, recycled } = sending(Array.from({ length: 100 }, () => failed("timeout")));
    await send(20);
    expect(recycled()).toBe(1);
    await runtime.drive({ target: runtime.now() + 20_000 });
    await send(3);
    expect(recycled()).toBe(2);
  });

  it("leaves at its first failure a client that somebody else has left, and makes no other", async () => {
    const { care, opened, send, recycled } = sending([failed("timeout")]);
    care.leave(0);
    await send(2);
    expect([recycled(), opened.length]).toEqual([1, 2]);
  });

  it("gives what was sent over the old client its answer there, also when it closes", async () => {
    const { sender, opened, send } = sending([failed("timeout"), failed("timeout"), failed("timeout")]);
    await send(3);
    await sender.close();
    expect(opened.map(({ closed }) => closed)).toEqual([true, true]);
  });
});
