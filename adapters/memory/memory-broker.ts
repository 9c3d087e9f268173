import { countEntities, type EntityCounts } from "./entity-counts.js";
import { createWorld, type World } from "./world.js";

/** A broker in this process. Services share it by sharing it, or the transport that was made with it. */
export interface MemoryBroker {
  /** What every queue, topic, subscription, consumer group and listener holds at this moment. */
  counts(): readonly EntityCounts[];
}

/** Makes an empty broker. Its time is that of the services that connect to it; without any it stands still. */
export function memoryBroker(): MemoryBroker {
  const world = createWorld();
  const broker: MemoryBroker = Object.freeze({
    counts: () => {
      world.clock.catchUp();
      return countEntities(world);
    },
  });
  worlds.set(broker, world);
  return broker;
}

const worlds = new WeakMap<MemoryBroker, World>();

/** What is behind a broker. */
export function worldOf(broker: MemoryBroker): World {
  const world = worlds.get(broker);
  if (world === undefined) throw new TypeError("give memory() a broker that memoryBroker() made");
  return world;
}
