import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { clientOptions, eventHubs } from "waybill/event-hubs";
import { remoteCheckpoints, remotePark } from "../remote-stores.js";
import type { TransportOfChild } from "../transport-of-child.js";

export const eventHubsOfChild: TransportOfChild = ({ connectionString, ask, mortal }) =>
  eventHubs({
    producer: (hub) => new EventHubProducerClient(connectionString, hub, clientOptions),
    consumer: (hub, group) => new EventHubConsumerClient(group, connectionString, hub, clientOptions),
    checkpoints: remoteCheckpoints(ask),
    park: remotePark(ask, (id) => {
      mortal.crossed({ step: "copy", when: "after", subject: "park", id });
    }),
    // Of a dead process nothing is heard any more: its successor need not wait long.
    balanceInterval: "50ms",
    ownershipExpiry: "150ms",
  });
