/** Azure Event Hubs, through `@azure/event-hubs`: streams with consumer groups, checkpoints and parked events. */
export { eventHubs } from "./transport.js";
export type { EventHubsOptions, Topology } from "./transport.js";
export { clientOptions } from "./client-options.js";
export { isEventHubsEvent } from "./event-delivery.js";
