import { anyStore, receiveSource, type Entities } from "./entities.js";
import { entityDisabled, notAllowed } from "./refusals.js";
import type { MessageStore } from "./store.js";

/**
 * What a receiver without session may be attached to.
 *
 * @throws {BrokerError} `amqp:not-found`, `com.microsoft:entity-disabled`, `amqp:not-allowed`
 */
export function plainStore(entities: Entities, address: string): MessageStore {
  const store = openStore(entities, address);
  if (store.settings.requiresSession) {
    throw notAllowed(
      "It is not possible for an entity that requires sessions to create a non-sessionful message receiver.",
    );
  }
  return store;
}

/** What a session may be accepted from. @throws {BrokerError} as `plainStore` */
export function sessionStore(entities: Entities, address: string): MessageStore {
  const store = openStore(entities, address);
  if (!store.settings.requiresSession) {
    throw notAllowed(
      "A sessionful message receiver cannot be created on an entity that does not require sessions. Ensure RequiresSession " +
        "is set to true when creating a Queue or Subscription to enable sessionful behavior.",
    );
  }
  return store;
}

/** What may be peeked: a queue or topic that is disabled for sends refuses that too. */
export function browsable(entities: Entities, address: string): MessageStore {
  const store = anyStore(entities, address);
  if (!store.settings.browsable) throw entityDisabled(store.path, "Send");
  return store;
}

function openStore(entities: Entities, address: string): MessageStore {
  const store = receiveSource(entities, address);
  if (!store.settings.receivable) throw entityDisabled(store.path, "Receive");
  if (store.settings.forwardTo !== undefined) {
    throw notAllowed("Cannot create a message receiver on an entity with auto-forwarding enabled.");
  }
  return store;
}
