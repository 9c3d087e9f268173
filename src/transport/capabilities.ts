import type { ChannelKind, Need } from "../contracts/channel.js";

/** How a transport meets a need: by the service itself, or by a file of the adapter that emulates it. */
export type Support = "native" | `emulated in ${string}`;

/** What a transport offers. A need that is absent is refused before any I/O, never ignored. */
export interface Capabilities {
  readonly needs: { readonly [N in Need]?: Support };
  /** What its receivers can do, by kind of channel. */
  readonly receivers: { readonly [K in ChannelKind]?: ReceiverFeatures };
  /** The largest message that it takes, with its properties, in bytes. */
  readonly maxMessageBytes: number;
}

/** What a receiver can do with a delivery. The core degrades to dead-lettering, never to loss. */
export interface ReceiverFeatures {
  /** Its lock or visibility can be extended. */
  readonly renew: boolean;
  /** It can be put back for later without a copy. */
  readonly delayedRelease: boolean;
  /** It can be put back without raising the delivery count. */
  readonly uncountedRelease: boolean;
  readonly defer: boolean;
  /** The service counts deliveries across all consumers. */
  readonly deliveryCount: boolean;
  /** It can be moved to a dead-letter queue (streams: to a park store), with its record. */
  readonly deadLetter: boolean;
}
