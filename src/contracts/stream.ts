import type { Codec } from "../message/codec.js";
import type { Duration } from "../runtime/duration.js";
import { durationWithin, wholeNumberWithin } from "./bounds.js";
import {
  channelOf,
  checkChannel,
  type ChannelRef,
  type ForeignMessage,
  type ForeignReading,
  type Messages,
  type NamesOk,
} from "./channel.js";

/** The definition of a stream. */
export interface StreamDefinition<M extends Messages> {
  readonly messages: M;
  /** How many partitions: 1 to 1,024. Messages of one key share a partition. Default 4. */
  readonly partitions?: number;
  /** How long events are kept, read or not: 1 h to 90 d. Default 1 d. */
  readonly retention?: Duration;
  readonly description?: string;
  readonly foreign?: (raw: ForeignMessage) => ForeignReading;
  /** How data is encoded. Default JSON. */
  readonly codec?: Codec;
}

/**
 * Declares a stream: a retained, partitioned log that each consumer group reads at its own pace.
 * @throws {WaybillError} `invalidContract` for an unusable name or message map; `invalidOption` for a number or duration
 * out of bounds.
 */
export function stream<const N extends string, const M extends Messages>(
  name: N,
  definition: StreamDefinition<M> & NamesOk<M>,
): ChannelRef<N, "stream", M, "streams"> {
  checkChannel("stream", name, definition.messages, false);
  const { partitions = 4, retention = "1d", description, foreign, codec } = definition;
  return channelOf({
    format: 1,
    name,
    kind: "stream",
    messages: definition.messages,
    needs: ["streams"],
    settings: {
      ordered: true,
      scheduled: false,
      partitions: wholeNumberWithin(partitions, 1, 1024, `partitions of stream "${name}"`),
      retentionMs: durationWithin(retention, "1h", "90d", `retention of stream "${name}"`),
      ...(description !== undefined ? { description } : {}),
      ...(foreign !== undefined ? { foreign } : {}),
      ...(codec !== undefined ? { codec } : {}),
    },
    narrowed: false,
  });
}
