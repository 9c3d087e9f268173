import { createWorld, type World } from "./world.js";

/** A broker in this process. Services share it by sharing it, or the transport that was made with it. */
export interface MemoryBroker {
  readonly kind: "memory";
}

/** Makes an empty broker. Its time is that of the services that connect to it. */
export function memoryBroker(): MemoryBroker {
  const broker: MemoryBroker = Object.freeze({ kind: "memory" });
  worlds.set(broker, createWorld());
  return broker;
}

const worlds = new WeakMap<MemoryBroker, World>();

/** What is behind a broker. */
export function worldOf(broker: MemoryBroker): World {
  const world = worlds.get(broker);
  if (world === undefined) throw new TypeError("give memory() a broker that memoryBroker() made");
  return world;
}
