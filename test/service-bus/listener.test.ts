import type { ServiceBusReceiver } from "@azure/service-bus";
import { expect, it } from "vitest";
import { Listener } from "../../adapters/service-bus/listener.js";
import { StillRuntime } from "../differential/still-runtime.js";

/** A receiver whose subscriptions end when `ends` says so. */
function receiverThat(ends: () => Promise<void>): ServiceBusReceiver {
  return { subscribe: () => ({ close: ends }) } as unknown as ServiceBusReceiver;
}

function listening(ends: () => Promise<void>) {
  const runtime = new StillRuntime();
  const host = { message: () => undefined, failed: () => undefined };
  const listener = new Listener(receiverThat(ends), 4, { runtime, operationMs: 30_000 }, host);
  listener.want(4);
  return { runtime, listener };
}

it("A listener that has stopped may listen again", async () => {
  const { listener } = listening(() => Promise.resolve());
  await listener.stop();
  expect(listener.fits(4)).toBe(true);
});

it("A listener whose subscription does not end in time is not used again: it would hear nothing", async () => {
  const { listener, runtime } = listening(() => new Promise(() => undefined));
  const stopping = listener.stop();
  await runtime.advance(5_000, () => Promise.resolve());
  await stopping;
  expect(listener.fits(4)).toBe(false);
});
