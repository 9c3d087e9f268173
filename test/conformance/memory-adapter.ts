import { memory, memoryBroker } from "../../adapters/memory/index.js";
import { worldOf } from "../../adapters/memory/memory-broker.js";
import { isMemoryDelivery } from "../../adapters/memory/message-delivery.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import type { ConformanceAdapter } from "../../src/testing/conformance/harness.js";

/** The in-memory adapter under a virtual clock: a new broker for every behaviour. */
export const memoryAdapter: ConformanceAdapter = {
  name: "memory",
  capabilities: memory().capabilities,
  extras: ["cancelSchedule", "sessionState", "claimCheck"],
  open: () => {
    const broker = memoryBroker();
    const world = worldOf(broker);
    return {
      transport: () => memory({ broker }),
      runtime: virtualRuntime(),
      uniquePrefix: "",
      isNative: (kind, native) => {
        if (kind === "queue" || kind === "topic") return isMemoryDelivery(native);
        const field = kind === "stream" ? "partitionId" : "eventJson";
        return typeof native === "object" && native !== null && field in native;
      },
      sendForeign: ({ channel, address }, { id, body, contentType, subject, key, properties }) => {
        world.clock.catchUp();
        const message = {
          messageId: id,
          body,
          ...(contentType !== undefined ? { contentType } : {}),
          ...(subject !== undefined ? { subject } : {}),
          ...(properties !== undefined
            ? { applicationProperties: properties as Record<string, string> }
            : {}),
        };
        if (channel.kind === "stream")
          world.streams.publish(address, [
            { ...message, ...(key !== undefined ? { partitionKey: key } : {}) },
          ]);
        else if (channel.kind === "notifications") {
          const event = {
            specversion: "1.0",
            id,
            source: "/foreign",
            type: subject ?? "foreign",
            ...(contentType !== undefined ? { datacontenttype: contentType } : {}),
            data: JSON.parse(Buffer.from(body).toString()) as unknown,
          };
          world.notifier.publishJson(address, [JSON.stringify(event)]);
        } else world.broker.send(address, [{ ...message, ...(key !== undefined ? { sessionId: key } : {}) }]);
        world.clock.arm();
      },
    };
  },
};
