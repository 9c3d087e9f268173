import { describe, expect, it } from "vitest";
import type { MachineClock } from "waybill-tools/emulator";
import { acceleratedRuntime } from "../../conformance/accelerated-runtime.js";
import { endAfterEach, queues, serviceBusClient, started } from "./clients.js";

endAfterEach();

describe("an emulator with a clock of its own", () => {
  it("begins at that clock's time and does what falls due by its timers", async () => {
    let due: (() => void) | undefined;
    let nowMs = 1_000_000;
    const clock: MachineClock = {
      now: () => nowMs,
      after: (_delayMs, run) => {
        due = run;
        return { cancel: () => undefined };
      },
    };
    const emulator = await started({ configs: [queues("orders")], clock });
    expect(emulator.now()).toBe(1_000_000);
    const namespace = emulator.namespace();
    namespace.enter(() =>
      namespace.broker.schedule("orders", [
        { body: Buffer.from("later"), scheduledEnqueueTimeMs: 1_005_000 },
      ]),
    );
    expect(namespace.broker.getQueue("orders").counts.active).toBe(0);
    nowMs = 1_005_000;
    due?.();
    expect(namespace.broker.getQueue("orders").counts.active).toBe(1);
  });

  it("writes that clock's times on the wire", async () => {
    const runtime = acceleratedRuntime(1_000);
    const emulator = await started({ configs: [queues("orders")], clock: runtime });
    const client = serviceBusClient(emulator);
    await client.createSender("orders").sendMessages({ body: "hello" });
    const sentMs = runtime.now();
    await new Promise<void>((resolve) => void runtime.after(600_000, resolve));
    const [message] = await client.createReceiver("orders").receiveMessages(1);
    expect(message?.enqueuedTimeUtc?.getTime()).toBeLessThanOrEqual(sentMs);
    expect(message?.lockedUntilUtc?.getTime()).toBeGreaterThan(sentMs + 600_000);
  });
});

describe("tokens that expire", () => {
  it("end the links that need them, and a client that shows a new one goes on", async () => {
    const emulator = await started({ configs: [queues("orders")], auth: true });
    const client = serviceBusClient(emulator);
    const sender = client.createSender("orders");
    await sender.sendMessages({ body: "before" });
    emulator.expireTokens();
    expect(emulator.recorded({ type: "detached", address: "orders" })).toMatchObject([
      { by: "emulator", condition: "amqp:link:detach-forced" },
    ]);
    // An answer on the same connection: the client has read what came before.
    expect(await client.createReceiver("orders").peekMessages(1)).toHaveLength(1);
    await sender.sendMessages({ body: "after" });
    expect(emulator.namespace().broker.getQueue("orders").counts.active).toBe(2);
  });
});
