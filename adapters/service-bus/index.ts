/** Azure Service Bus, through `@azure/service-bus`: queues, topics and subscriptions, sessions, scheduling. */
export { serviceBus } from "./transport.js";
export type { ServiceBusOptions, Topology } from "./transport.js";
export { clientOptions } from "./client-options.js";
export { isServiceBusMessage } from "./message-delivery.js";
