import { noHistory } from "../../src/message/attributes.js";
import { noHeaders } from "../../src/message/header-rules.js";
import type { DeliveryHistory, Envelope } from "../../src/message/envelope.js";
import type { Delivery } from "../../src/transport/transport.js";

interface Sketch {
  readonly id?: string;
  readonly type?: string;
  readonly lane?: string;
  readonly deliveryCount?: number;
  readonly history?: DeliveryHistory;
  readonly offset?: string;
  readonly ttlMs?: number;
  readonly enqueuedAtMs?: number;
  readonly brokerId?: string;
}

/** A delivery of which only what a test names matters. */
export function delivery(sketch: Sketch = {}): Delivery {
  const { id = "m-1", type = "t", lane, deliveryCount = 1, history = noHistory, offset } = sketch;
  const envelope: Envelope = {
    id,
    source: "test",
    type,
    version: 1,
    headers: noHeaders,
    extensions: noHeaders,
    history,
    body: new Uint8Array(),
    ...(sketch.ttlMs !== undefined ? { ttlMs: sketch.ttlMs } : {}),
    ...(sketch.brokerId !== undefined ? { brokerId: sketch.brokerId } : {}),
  };
  return {
    envelope,
    lane,
    deliveryCount,
    lockedUntilMs: undefined,
    broker: {
      messageId: sketch.brokerId ?? id,
      ...(offset !== undefined ? { offset } : {}),
      ...(sketch.enqueuedAtMs !== undefined ? { enqueuedAtMs: sketch.enqueuedAtMs } : {}),
    },
    native: undefined,
  };
}
