import type { Message, OutputOf } from "../contracts/message.js";
import type { HeaderValue } from "../message/envelope.js";
import type { BrokerFacts } from "../transport/transport.js";

/** A message as a handler gets it: decoded, validated and brought to the version of the handler's contract. */
export interface Received<M extends Message = Message> {
  /** The id that the first sender set: the same on every redelivery, retry and redrive. */
  readonly id: string;
  readonly type: M["~message"]["type"];
  /** The version that travelled; `data` is of the contract's version. */
  readonly version: number;
  readonly data: OutputOf<M>;
  readonly key: string | undefined;
  /** Who sent it. */
  readonly source: string;
  /** When it was made, RFC 3339. */
  readonly time: string | undefined;
  readonly correlationId: string;
  /** The id of the message whose handling sent this one. */
  readonly causationId: string | undefined;
  readonly replyTo: string | undefined;
  readonly headers: Readonly<Record<string, HeaderValue>>;
  /** What the broker says of it. Its ids change from delivery to delivery: never use them as keys. */
  readonly broker: BrokerFacts & { readonly deliveryCount: number };
  /** The service's own message: narrow it with the adapter's guard. */
  readonly native: unknown;
}
