import { unauthorized } from "./refusals.js";

/** What a client's token allows: senders need Send, receivers and peek Listen, changes of entities Manage (which has all). */
export type Right = "Send" | "Listen" | "Manage";

/** @throws {BrokerError} `amqp:unauthorized-access` unless `rights` (default: all) contain `needed`. */
export function requireRight(address: string, needed: Right, rights: readonly Right[] | undefined): void {
  if (rights === undefined || rights.includes(needed) || rights.includes("Manage")) return;
  throw unauthorized(needed, address);
}
