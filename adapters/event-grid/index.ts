/** Azure Event Grid, through `@azure/eventgrid-namespaces` and `@azure/eventgrid`: notifications, pulled or pushed. */
export { eventGrid } from "./transport.js";
export type { EventGridOptions } from "./transport.js";
export type { EventGridSchemaPublisher, TopicPublisher } from "./publisher.js";
export { clientOptions } from "./client-options.js";
export { isEventGridEvent } from "./event-delivery.js";
export type { EventGridEvent } from "./event-delivery.js";
export { subscriptionFilter } from "./subscription-filter.js";
export type { FiltersConfiguration } from "./subscription-filter.js";
