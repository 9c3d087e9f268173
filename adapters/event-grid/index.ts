/** Azure Event Grid, through `@azure/eventgrid-namespaces` and `@azure/eventgrid`: notifications, pulled or pushed. */
export { eventGrid } from "./transport.js";
export type { EventGridOptions } from "./transport.js";
export type { EventGridSchemaPublisher, TopicPublisher } from "./publisher.js";
export { clientOptions } from "./client-options.js";
export { isEventGridEvent } from "./event-delivery.js";
export type { EventGridEvent } from "./event-delivery.js";
export { subscriptionFilter } from "./subscription-filter.js";
export type { FiltersConfiguration } from "./subscription-filter.js";
export { eventGridHandler } from "./handler.js";
export type { EventGridHandler, EventGridHandlerOptions, Refusal } from "./handler.js";
export type { OpenedValidationUrl, OpenValidationUrl } from "./open-validation-url.js";
export { sharedSecret } from "./authenticate.js";
export type { Authenticate, SharedSecretOptions } from "./authenticate.js";
export { entraToken } from "./entra-token.js";
export type { EntraTokenOptions } from "./entra-token.js";
