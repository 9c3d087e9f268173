import type { BrokerError } from "../broker-error.js";
import type { Group, Partition } from "./hub.js";

/** Detaches the readers of one group, or all readers and publishers of the partition. */
export function detachAll(partition: Partition, error: BrokerError, group?: Group): void {
  for (const reader of [...partition.readers]) {
    if (group === undefined || reader.group === group) reader.detach(error);
  }
  if (group !== undefined) return;
  for (const producer of partition.producers.values()) producer.holder?.detach(error);
}
