import type { Transport } from "../../transport/transport.js";
import { failure, type Boundary } from "./boundary.js";
import { SimReceiver } from "./sim-receiver.js";
import { SimSender } from "./sim-sender.js";

/** A transport that does what the inner one does, breaks where the plan says so, and notes what passes. */
export function simTransport(inner: Transport, boundary: Boundary): Transport {
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    connect: async (context) => {
      if (boundary.faults.take("open", boundary.process.name) !== undefined) throw failure("refuse");
      const connection = await inner.connect({ ...context, runtime: boundary.brokerRuntime });
      boundary.connections.push(connection);
      const copied = new Set<string>();
      return {
        sender: (destination) => new SimSender(connection.sender(destination), destination, boundary, copied),
        receiver: (source, options) =>
          new SimReceiver(connection.receiver(source, options), source, boundary, copied),
        deadLetters: (source) => connection.deadLetters(source),
        close: () => connection.close(),
      };
    },
  };
}
