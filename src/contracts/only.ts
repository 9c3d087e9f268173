import { WaybillError } from "../errors.js";
import {
  channelOf,
  type Channel,
  type ChannelKind,
  type ChannelRef,
  type Messages,
  type Need,
} from "./channel.js";

/**
 * The same channel with the named messages alone: handler map and subscription filter narrow together.
 * @throws {WaybillError} `invalidContract` if no name is given or the channel has no such message.
 */
export function only<
  N extends string,
  K extends ChannelKind,
  M extends Messages,
  X extends Need,
  const P extends readonly (keyof M & string)[],
>(channel: Channel<N, K, M, X>, ...names: P): ChannelRef<N, K, Pick<M, P[number]>, X> {
  const spec = channel["~channel"];
  if (names.length === 0) {
    throw new WaybillError("invalidContract", `only("${spec.name}") names no message: name at least one`);
  }
  const messages: Record<string, Messages[string]> = {};
  for (const name of names) {
    const message = Object.hasOwn(spec.messages, name) ? spec.messages[name] : undefined;
    if (message === undefined) {
      throw new WaybillError(
        "invalidContract",
        `${spec.kind} "${spec.name}" has no message "${name}"; it has ${Object.keys(spec.messages).join(", ")}`,
      );
    }
    messages[name] = message;
  }
  return channelOf({ ...spec, messages: messages as Pick<M, P[number]>, narrowed: true });
}
