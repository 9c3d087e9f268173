import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EmulatorClock } from "../../../tools/emulator/clock.js";
import { Namespace } from "../../../tools/emulator/namespace.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

it("brings a deadline nearer by what the clock was advanced", () => {
  const clock = new EmulatorClock();
  const deliver = (): void => undefined;
  const namespace = new Namespace("default", { clock, deliver, validationUrl: () => "http://127.0.0.1/" });
  namespace.createQueue("orders");
  namespace.enter(() => {
    const scheduledEnqueueTimeMs = clock.now() + 60_000;
    namespace.broker.send("orders", [{ messageId: "1", body: new Uint8Array(), scheduledEnqueueTimeMs }]);
  });
  const receiver = namespace.enter(() => namespace.broker.attachReceiver("orders"));
  let woken = 0;
  receiver.onAvailable(() => (woken += 1));

  clock.advance(30_000);
  vi.advanceTimersByTime(29_999);
  expect(woken).toBe(0);
  vi.advanceTimersByTime(1);
  expect(woken).toBe(1);
  namespace.close();
});
