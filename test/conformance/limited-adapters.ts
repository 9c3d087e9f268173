import { WaybillError } from "../../src/errors.js";
import type { ConformanceAdapter } from "../../src/testing/index.js";
import type { Capabilities, ReceiverFeatures } from "../../src/transport/index.js";
import { alteredAdapter, changed } from "./altered-transport.js";
import { memoryAdapter } from "./memory-adapter.js";

const { capabilities: all } = memoryAdapter;
const nothing: ReceiverFeatures = {
  renew: false,
  delayedRelease: false,
  uncountedRelease: false,
  defer: false,
  deliveryCount: false,
  deadLetter: false,
};

const capabilitiesOf = (
  needs: Capabilities["needs"],
  receivers: Capabilities["receivers"],
): Capabilities => ({ needs, receivers, maxMessageBytes: all.maxMessageBytes });

const unsupported = (what: string): WaybillError =>
  new WaybillError("unsupported", `this transport cannot ${what}`);

/** The in-memory adapter with the capabilities of services that have less. */
export const limitedAdapters: readonly ConformanceAdapter[] = [
  limited("streams-only", { streams: "native" }, { stream: { ...nothing, deadLetter: true } }),
  limited(
    "notifications-only",
    { notifications: "native" },
    {
      notifications: { ...nothing, renew: true, delayedRelease: true, deliveryCount: true, deadLetter: true },
    },
  ),
  limited(
    "plain-queues",
    { queues: "native", "queues:scheduling": "native" },
    { queue: { ...nothing, renew: true, deliveryCount: true, deadLetter: true } },
  ),
];

/** A queue of which a receiver can do nothing but receive, complete and put back. */
export const bareQueues: ConformanceAdapter = limited(
  "bare-queues",
  { queues: "native" },
  { queue: nothing },
);

function limited(
  name: string,
  needs: Capabilities["needs"],
  receivers: Capabilities["receivers"],
): ConformanceAdapter {
  const capabilities = capabilitiesOf(needs, receivers);
  const can = Object.values(receivers)[0] ?? nothing;
  return alteredAdapter(
    {
      capabilities,
      deliver: (delivery) => [can.deliveryCount ? delivery : changed(delivery, { deliveryCount: 1 })],
      settle: async (_delivery, action, settle) => {
        if (action.kind === "defer" && !can.defer) return unsupported("defer");
        if (action.kind === "deadLetter" && !can.deadLetter) return unsupported("dead-letter");
        return settle(action);
      },
      ...(can.renew ? {} : { renew: () => unsupported("renew") }),
      without: ["cancel", "receiveDeferred", "sessionState", "setSessionState"],
    },
    { name, extras: [] },
  );
}
