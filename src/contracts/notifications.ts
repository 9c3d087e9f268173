import { channelOf, checkChannel, type ChannelRef, type Messages, type NamesOk } from "./channel.js";

/** The definition of a notifications channel. */
export interface NotificationsDefinition<M extends Messages> {
  readonly messages: M;
  readonly description?: string;
}

/**
 * Declares a notifications channel: discrete facts, pushed or pulled, at least once and in no order, to whoever
 * listens.
 * @throws {WaybillError} `invalidContract` for an unusable name or message map.
 */
export function notifications<const N extends string, const M extends Messages>(
  name: N,
  definition: NotificationsDefinition<M> & NamesOk<M>,
): ChannelRef<N, "notifications", M, "notifications"> {
  checkChannel("notifications", name, definition.messages, false);
  return channelOf({
    format: 1,
    name,
    kind: "notifications",
    messages: definition.messages,
    needs: ["notifications"],
    settings: {
      ordered: false,
      scheduled: false,
      ...(definition.description !== undefined ? { description: definition.description } : {}),
    },
    narrowed: false,
  });
}
