import type { Broker } from "../../../../adapters/memory/broker/broker.js";
import type { Right } from "../../../../adapters/memory/broker/rights.js";
import type { Visit } from "../door.js";
import type { AmqpValue } from "../engine/engine.js";
import type { NodeResponse } from "../node-message.js";
import type { HeldSessions } from "./held-sessions.js";
import type { RequestBody } from "./request-body.js";

/** What the operations of one management node work on. */
export interface ManagementScope {
  readonly visit: Visit;
  readonly sessions: HeldSessions;
  /** The entity that the node belongs to. */
  readonly address: string;
}

/** One operation. Runs within `Namespace.enter`; what it throws is the answer. */
export type Operation = (
  scope: ManagementScope & { readonly broker: Broker },
  body: RequestBody,
) => NodeResponse;

/** @throws {BrokerError} `amqp:unauthorized-access` */
export function requireRight({ visit, address }: ManagementScope, right: Right): void {
  // A client's token may be for the node alone; one for the entity holds here, too.
  const rights = visit.rightsOn(`${address}/$management`);
  if (rights !== undefined) visit.namespace.broker.authorize(address, right, rights);
}

export function done(...entries: readonly (readonly [string, AmqpValue])[]): NodeResponse {
  return { statusCode: 200, statusDescription: "OK", body: new Map(entries) };
}

/** Nothing was found, which is no error. */
export const noContent: NodeResponse = { statusCode: 204, statusDescription: "No Content" };
