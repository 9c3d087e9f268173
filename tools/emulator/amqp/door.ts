import type { Right } from "../../../adapters/memory/broker/rights.js";
import type { EmulatorClock } from "../clock.js";
import type { Namespace } from "../namespace.js";
import type { Connection, LinkRequest } from "./engine/engine.js";
import type { RequestReply } from "./request-reply.js";

/** A service, as the router knows it. Opened on a connection when the first link there is for it. */
export type Door = (visit: Visit) => DoorHandler;

/** One connection, as a door sees it. */
export interface Visit {
  readonly connection: Connection;
  readonly namespace: Namespace;
  readonly clock: EmulatorClock;
  /** For the links of management nodes, and their answers. */
  readonly requests: RequestReply;
  /**
   * What the connection's tokens allow on a path, now. Undefined: everything, nobody checks. A link of an entity is only
   * given to a door with the right to send or to listen; management operations are to be checked one by one.
   */
  rightsOn(path: string): readonly Right[] | undefined;
  /** Makes the hub of that name if the emulator creates what is used and it is not there; else does nothing. */
  needHub(name: string): void;
}

export interface DoorHandler {
  /**
   * Accepts or refuses a link, now or later.
   * @param address Without scheme, host and outer slashes, in the letter case of the client.
   * @throws {BrokerError} instead of refusing, while the request is unanswered
   */
  attach(request: LinkRequest, address: string): void;
  /** The connection is gone; its links have been told before. */
  closed(): void;
}
