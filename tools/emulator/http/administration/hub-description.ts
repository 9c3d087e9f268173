import type { HubOptions, HubProperties } from "../../../../adapters/memory/broker/stream/hub.js";
import type { EmulatorClock } from "../../clock.js";
import { given, type Fields } from "./fields.js";
import type { XmlContent } from "./xml.js";

const dayMs = 24 * 3_600_000;

/** Options of an event hub as its description says them. @throws {BrokerError} `com.microsoft:argument-error` */
export function readHub(fields: Fields): HubOptions {
  const days = fields.count("MessageRetentionInDays");
  return given({
    partitions: fields.count("PartitionCount"),
    retentionMs: days === undefined ? undefined : days * dayMs,
  });
}

/** In the order of the service. */
export function writeHub(hub: HubProperties, clock: EmulatorClock): XmlContent {
  const created = new Date(clock.toWire(hub.createdMs)).toISOString();
  return {
    MessageRetentionInDays: String(Math.max(1, Math.ceil(hub.retentionMs / dayMs))),
    AuthorizationRules: "",
    Status: "Active",
    CreatedAt: created,
    UpdatedAt: created,
    PartitionCount: String(hub.partitionIds.length),
    PartitionIds: {
      $: { "xmlns:d2p1": "http://schemas.microsoft.com/2003/10/Serialization/Arrays" },
      "d2p1:string": hub.partitionIds.map((id) => ({ _: id })),
    },
  };
}
