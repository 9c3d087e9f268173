import { channelId, type ChannelSpec, type Target } from "../contracts/channel.js";
import { compileMessage, type CompiledMessage } from "../contracts/compiled-message.js";
import { jsonCodec, type Codec } from "../message/codec.js";
import type { Destination, Sender } from "../transport/transport.js";

/** A channel that the service sends to. */
export interface Route {
  readonly destination: Destination;
  /** Whether the service declares that it sends there; otherwise only copies of what it reads go there. */
  readonly declared: boolean;
  readonly sender: Sender;
  readonly maxMessageBytes: number;
}

/** A message on its way to a channel: what every send of it needs, found once. */
export interface Outlet {
  /** The channel's id: kind and name. */
  readonly channel: string;
  readonly spec: ChannelSpec;
  readonly message: CompiledMessage;
  readonly codec: Codec;
  readonly route: Route;
  /** What a new id is drawn by. */
  readonly idName: string;
}

/** @throws {WaybillError} `invalidContract` */
export function outletOf(target: Target, route: Route): Outlet {
  const { spec, message } = target["~target"];
  const channel = channelId(spec);
  const compiled = compileMessage(message);
  return {
    channel,
    spec,
    message: compiled,
    codec: spec.settings.codec ?? jsonCodec,
    route,
    idName: `id ${channel} ${compiled.type}`,
  };
}
