import type { Parked, ParkStore } from "../../src/store/index.js";

/** A park store in this process: for tests. What is taken stays taken until it is removed or given back. */
export function memoryPark(): ParkStore {
  const boxes = new Map<string, Map<string, Parked>>();
  const taken = new Set<Parked>();
  const boxOf = (box: string): Map<string, Parked> => {
    const found = boxes.get(box) ?? new Map<string, Parked>();
    boxes.set(box, found);
    return found;
  };
  return {
    name: "memory",
    put: (box, parked) => {
      if (!boxOf(box).has(parked.id)) boxOf(box).set(parked.id, parked);
    },
    list: (box, max) => [...boxOf(box).values()].sort(byId).slice(0, max),
    take: (box, id) => {
      const parked = boxOf(box).get(id);
      if (parked === undefined || taken.has(parked)) return undefined;
      taken.add(parked);
      return { ...parked, lease: id };
    },
    remove: (box, { id }) => {
      const parked = boxOf(box).get(id);
      if (parked === undefined || !taken.delete(parked)) return false;
      return boxOf(box).delete(id);
    },
    release: (box, { id }) => {
      const parked = boxOf(box).get(id);
      if (parked !== undefined) taken.delete(parked);
    },
  };
}

const byId = (left: Parked, right: Parked): number => (left.id < right.id ? -1 : 1);
