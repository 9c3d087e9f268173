import type { CheckpointStore, ParkStore } from "waybill/store";
import type { Transport } from "waybill/transport";
import type { channelNames } from "../contracts.js";

export type ChannelName = (typeof channelNames)[number];

/** The service that processes talk to while they die. */
export interface World {
  readonly connectionString: string;
  /** For the producer and the collector, which live. */
  readonly transport: Transport;
  readonly checkpoints: CheckpointStore;
  readonly park: ParkStore;
  /** Lets time pass for the service. */
  pass(ms: number): Promise<void>;
  /** Lets what a dead process has locked come free. */
  advance(ms: number): Promise<void>;
  /** Whether nothing of the channel is left to be done, nor being done. */
  quiet(channel: ChannelName): Promise<boolean>;
  /** Ids of the messages that were given up. */
  deadLetters(): Promise<readonly string[]>;
  close(): Promise<void>;
}
