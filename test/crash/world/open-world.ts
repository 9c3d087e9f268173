import type { TransportName } from "../points.js";
import { eventHubsWorld } from "./event-hubs.js";
import { serviceBusWorld } from "./service-bus.js";
import { storageQueueWorld } from "./storage-queue.js";
import type { World } from "./world.js";

/** A service of that kind, empty. */
export const openWorld = (transport: TransportName): Promise<World> => {
  switch (transport) {
    case "service-bus":
      return serviceBusWorld();
    case "event-hubs":
      return eventHubsWorld();
    case "storage-queue":
      return storageQueueWorld();
  }
};
