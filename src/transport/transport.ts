import type { ChannelSpec, Need } from "../contracts/channel.js";
import type { WaybillError } from "../errors.js";
import type { DeadLetterRecord, DeliveryHistory, Envelope, HeaderValue } from "../message/envelope.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Capabilities } from "./capabilities.js";

/** A value, or a promise of it: what is known at once need not be awaited. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * The contract of an adapter: one messaging service behind five verbs (send, receive, settle, renew, checkpoint).
 *
 * A transport is thin. It never retries, never waits to fill a batch and never decides; the core does. Creating one
 * connects to nothing.
 */
export interface Transport<Name extends string = string, Caps extends Need = Need> {
  readonly name: Name;
  readonly capabilities: Capabilities;
  /** Types only, never set: the needs that it meets, so that the compiler can refuse a service with others. */
  readonly "~meets"?: Caps;
  /**
   * Connects one running service. Several services may connect through one transport.
   * @throws {WaybillError} `notFound` for an entity that is missing, `unauthorized`, `transportFailed`.
   */
  connect(context: ConnectContext): MaybePromise<Connection>;
}

/** What a connection is made for. */
export interface ConnectContext {
  readonly service: string;
  readonly runtime: Runtime;
  /** Every channel that the service sends to or reads: nothing else will be asked for. */
  readonly destinations: readonly Destination[];
  readonly sources: readonly Source[];
}

/** A service's connection. */
export interface Connection {
  sender(destination: Destination): Sender;
  receiver(source: Source, options: ReceiverOptions): Receiver;
  /** A receiver of the source's dead letters (streams: of what was parked). */
  deadLetters(source: Source): DeadLetterReceiver;
  /**
   * Makes the client under it anew: what is opened from now on uses the new one, and the old one is closed in the background
   * when nothing of it is in use. Absent where nothing is held that could break, as with HTTP.
   * @throws {WaybillError} if no client could be made; then nothing has changed.
   */
  recycle?(): void;
  /** What is wrong with how it is set up and yet works, each in a sentence: told when the service starts. */
  readonly warnings?: readonly string[];
  /** Ends everything that is left of the connection. Idempotent. */
  close(): MaybePromise<void>;
}

/** Where messages go. */
export interface Destination {
  readonly channel: ChannelSpec;
  /** The entity's name in this environment. */
  readonly address: string;
}

/** Where messages come from. */
export type Source = QueueSource | SubscriptionSource | GroupSource | ListenerSource;

export interface QueueSource extends Destination {
  readonly kind: "queue";
}

export interface SubscriptionSource extends Destination {
  readonly kind: "subscription";
  readonly subscription: string;
  readonly filter: MessageFilter;
}

export interface GroupSource extends Destination {
  readonly kind: "group";
  readonly group: string;
}

export interface ListenerSource extends Destination {
  readonly kind: "listener";
  readonly listener: string;
  readonly filter: MessageFilter;
}

/** What a subscription or listener lets through: every condition must hold. */
export interface MessageFilter {
  /** Message types; `undefined` lets every type through. */
  readonly types: readonly string[] | undefined;
  /** Header values. */
  readonly where?: Readonly<Record<string, HeaderValue>>;
  /** The start of the key (CloudEvents subject). Listeners only. */
  readonly keyBeginsWith?: string;
  /** The end of the key (CloudEvents subject). Listeners only. */
  readonly keyEndsWith?: string;
}

/** One message on its way out. */
export interface Outgoing {
  readonly envelope: Envelope;
  /** When it becomes receivable, in milliseconds since the Unix epoch. Only on channels with scheduling. */
  readonly dueMs?: number;
  /** Nobody else has the bytes of the body: who keeps them need not copy them. */
  readonly ownBody?: true;
}

/** What became of one message. */
export type SendResult = SendAccepted | SendRejected;

export interface SendAccepted {
  readonly ok: true;
  /** Cancels a scheduled message, where the transport can. */
  readonly scheduleToken?: string;
}

export interface SendRejected {
  readonly ok: false;
  /** `class` `ambiguous` if the service may have stored it. */
  readonly error: WaybillError;
  /** Members of one physical batch carry one number; absent for a message that travelled alone. */
  readonly batch?: number;
  /** It stands behind a batch that was refused, and was not tried: the core sends it after that batch's members. */
  readonly unsent?: true;
}

export interface Sender {
  /**
   * Sends in order, packed into the service's own batches by size; one result per message, in order. Never throws.
   *
   * Behind a batch of several that was refused it stops: the messages after it are answered `unsent`.
   */
  send(messages: readonly Outgoing[]): MaybePromise<readonly SendResult[]>;
  /** Cancels scheduled messages: true for each that was still scheduled. */
  cancel?(scheduleTokens: readonly string[]): MaybePromise<readonly boolean[]>;
  close(): MaybePromise<void>;
}

/** Options for {@link Connection.receiver}. */
export interface ReceiverOptions {
  /** How many lanes (sessions) may be held at a time. */
  readonly lanes: number;
  /** How many unsettled deliveries one lane (session, partition) may have. */
  readonly perLane: number;
  /** Where a consumer group without a checkpoint begins. */
  readonly startFrom: StartPosition;
  /** Called when the lock of an unsettled delivery is known to be lost. */
  readonly onLost: (delivery: Delivery, error: WaybillError) => void;
  /** Over a client of its own, where a client holds a connection that one receiver may take from others. Default false. */
  readonly apart?: boolean;
}

/** Where a consumer group without a checkpoint begins; a time is in milliseconds since the Unix epoch. */
export type StartPosition = "earliest" | "latest" | { readonly afterMs: number };

/** One attempt at handing one envelope to this process. */
export interface Delivery {
  readonly envelope: Envelope;
  /** Why the envelope could not be read in full; such a delivery is dead-lettered. */
  readonly defect?: WaybillError;
  /** Session or partition: deliveries of one lane are handled in order. */
  readonly lane: string | undefined;
  /** 1 on the first delivery; 1 always where the service does not count. */
  readonly deliveryCount: number;
  /** When the lock ends, in milliseconds since the Unix epoch. Changes with each renewal; absent without locks. */
  readonly lockedUntilMs: number | undefined;
  readonly broker: BrokerFacts;
  /** The service's own message. */
  readonly native: unknown;
}

/** What the service says of a message. No store key uses any of it. */
export interface BrokerFacts {
  readonly messageId: string;
  readonly sequenceNumber?: string;
  readonly partition?: string;
  readonly offset?: string;
  readonly enqueuedAtMs?: number;
}

/** What to do with a delivery. */
export type SettleAction =
  | { readonly kind: "complete" }
  /** Puts it back at once; the delivery count rises. */
  | { readonly kind: "abandon"; readonly history: DeliveryHistory }
  /** Puts it back, after `delayMs` where the receiver has `delayedRelease`; the count does not rise where it can be helped. */
  | { readonly kind: "release"; readonly history: DeliveryHistory; readonly delayMs?: number }
  | { readonly kind: "defer" }
  | { readonly kind: "deadLetter"; readonly record: DeadLetterRecord };

export interface SettleRequest {
  readonly delivery: Delivery;
  readonly action: SettleAction;
}

export interface Receiver {
  /**
   * Gives up to `max` deliveries: at once those that are there, otherwise a promise of the first ones to come. The
   * promise answers `[]` when `signal` fires or the receiver is closed. Nothing is prefetched beyond `max`.
   */
  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]>;
  /**
   * The receive that waits may give up to `max` by now, more than it was asked for; nothing changes where none waits. What is
   * asked for in time need not be asked for apart. Never throws.
   */
  raise?(max: number): void;
  /** Settles; one answer per request, in order: nothing, or why it failed. Never throws. */
  settle(requests: readonly SettleRequest[]): MaybePromise<readonly (WaybillError | undefined)[]>;
  /** Extends the lock; one answer per delivery: the new end of the lock, or why it failed. Never throws. */
  renew(deliveries: readonly Delivery[]): MaybePromise<readonly (number | WaybillError)[]>;
  /** Fetches deferred messages of this source, locked. */
  receiveDeferred?(sequenceNumbers: readonly string[]): MaybePromise<readonly Delivery[]>;
  /** Sessions: what is kept with the session of a delivery that is not settled; nothing if nothing is. */
  sessionState?(delivery: Delivery): MaybePromise<Uint8Array | undefined>;
  /** Sessions: keeps that with the session, beyond its messages; `undefined` clears it. @throws {WaybillError} `lockLost`, `tooLarge` */
  setSessionState?(delivery: Delivery, state: Uint8Array | undefined): MaybePromise<void>;
  /** Streams: stores that everything of the delivery's partition up to and including it is done. */
  checkpoint?(delivery: Delivery): MaybePromise<void>;
  /** Streams: what is known of each partition that it reads, for whoever asks how it is. */
  evidence?(): readonly PartitionEvidence[];
  /**
   * Looks, without locking, for a message that waits for somebody and is not given to this receiver; nothing if there is
   * none. Asked of a receiver to which nothing came for a while.
   * @throws {WaybillError} why it cannot tell
   */
  backlog?(): MaybePromise<BacklogEvidence | undefined>;
  /** Stops receiving and gives up sessions and partitions, so that others can take them at once. Idempotent. */
  close(): MaybePromise<void>;
}

/** A message that waits. */
export interface BacklogEvidence {
  /** Names the message, the same at each look: a sequence number where there is one. */
  readonly id: string;
  /** By the service's clock, if it says so; milliseconds since the Unix epoch. */
  readonly enqueuedAtMs?: number;
  /** The service shows messages too that another receiver has locked, and this may be one. */
  readonly mayBeLocked: boolean;
  /** The service's client cannot decode it. */
  readonly unreadable?: true;
}

/** What is known of a partition that a receiver reads. */
export interface PartitionEvidence {
  readonly partition: string;
  readonly unsettled: number;
  /** Of the last event that came. */
  readonly lastSequenceNumber: string | undefined;
  /** When the service's client last gave events, or said that there are none; milliseconds since the Unix epoch. */
  readonly lastHeardMs: number | undefined;
  /** Why it is not read at the moment. */
  readonly failure: string | undefined;
}

/** A message in a dead-letter queue. */
export interface DeadLetterDelivery extends Delivery {
  readonly record: DeadLetterRecord;
}

export interface DeadLetterReceiver {
  /** Looks without locking, oldest first. */
  peek(max: number): MaybePromise<readonly DeadLetterDelivery[]>;
  /** Locks the given ones (by `broker.sequenceNumber`); those that are gone are left out. */
  take(sequenceNumbers: readonly string[]): MaybePromise<readonly DeadLetterDelivery[]>;
  /** Removes (`complete`) or puts back (`release`) what was taken. */
  settle(requests: readonly SettleRequest[]): MaybePromise<readonly (WaybillError | undefined)[]>;
  close(): MaybePromise<void>;
}
