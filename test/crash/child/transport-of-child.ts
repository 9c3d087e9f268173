import type { Transport } from "waybill/transport";
import type { TransportName } from "../points.js";
import type { Ask } from "./calls.js";
import type { Mortal } from "./mortal.js";

/** What a process connects with. */
export type TransportOfChild = (parts: {
  readonly connectionString: string;
  readonly ask: Ask;
  readonly mortal: Mortal;
}) => Transport;

/** Loads the SDK of one transport alone: hundreds of processes are started. */
export async function transportOfChild(name: TransportName): Promise<TransportOfChild> {
  switch (name) {
    case "service-bus":
      return (await import("./transport/service-bus.js")).serviceBusOfChild;
    case "event-hubs":
      return (await import("./transport/event-hubs.js")).eventHubsOfChild;
    case "storage-queue":
      return (await import("./transport/storage-queue.js")).storageQueueOfChild;
  }
}
