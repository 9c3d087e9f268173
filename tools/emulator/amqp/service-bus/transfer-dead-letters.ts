import { notAllowed } from "../../../../adapters/memory/broker/refusals.js";
import type { Visit } from "../door.js";
import type { LinkRequest } from "../engine/engine.js";
import { operations } from "../request-reply.js";
import { noContent } from "./management-scope.js";

// Messages come into a transfer dead-letter queue by sends across entities within a transaction, which the emulator does not
// have; what automatic forwarding cannot deliver waits, or goes to the dead-letter queue. So this one is there and empty.

const suffix = /\/\$transfer(?=\/\$deadletterqueue$)/i;

/** Whether an address is that of a transfer dead-letter queue. */
export const isTransferred = (address: string): boolean => suffix.test(address);

/**
 * Accepts a link of a transfer dead-letter queue or of its management node.
 *
 * @throws {BrokerError} what the link is to be refused with
 */
export function attachTransferred(visit: Visit, request: LinkRequest, address: string): void {
  if (/\/\$management$/i.test(address)) {
    visit.requests.attach(request, operations(new Map([["com.microsoft:peek-message", () => noContent]])));
    return;
  }
  if (request.role === "receiver") throw notAllowed("Messages cannot be sent to a dead-letter queue.");
  const { namespace } = visit;
  const rights = visit.rightsOn(address);
  // A receiver of the entity's dead-letter queue, without credit: it stands and falls with the entity.
  const receiver = namespace.enter(() =>
    namespace.broker.attachReceiver(address.replace(suffix, ""), {
      ...(rights === undefined ? {} : { rights }),
      onDetach: ({ condition, message }) => {
        link.detach({ condition, description: message });
      },
    }),
  );
  const link = request.acceptAsSender({
    flow: (sender, drain) => {
      if (drain) sender.drained();
    },
    disposition: () => undefined,
    detached: () => {
      namespace.enter(() => {
        receiver.close();
      });
    },
  });
}
