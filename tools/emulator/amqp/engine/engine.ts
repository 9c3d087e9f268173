/**
 * What the protocol engine and the services above it know of each other. The engine speaks AMQP 1.0 as a server (frames,
 * SASL, sessions, links, credit, dispositions) and knows nothing of queues; a service knows nothing of frames.
 *
 * Everything here is synchronous: a call of the engine's is written to the socket soon after it returns, and the engine
 * never calls a handler from within a call of that handler's own.
 */

/** An error as it travels in a detach, an end, a close or a rejection. */
export interface AmqpError {
  /** For example `amqp:not-found`. */
  readonly condition: string;
  readonly description: string;
}

/** Decides who serves a connection whose peer has said `open`. */
export type OpenConnection = (connection: Connection) => ConnectionHandler;

/** One peer's connection. */
export interface Connection {
  /** Unique in this process, for logs and the recorder. */
  readonly id: string;
  /** What the peer called us in its `open`; a virtual namespace is chosen by it. Undefined if it said nothing. */
  readonly hostname: string | undefined;
  readonly containerId: string;
  /** The peer's own properties: product, version and the like. */
  readonly properties: ReadonlyMap<string, AmqpValue>;
  /** What the peer said in SASL; undefined if it skipped that layer. Nothing of it was checked. */
  readonly credentials: Credentials | undefined;
  /** Says goodbye with an error, and ends the socket even when the peer never answers. */
  close(error?: AmqpError): void;
  /** Cuts the socket without a word. */
  cut(): void;
}

export interface Credentials {
  /** `ANONYMOUS`, `PLAIN`, `EXTERNAL` or `MSSBCBS`. */
  readonly mechanism: string;
  /** Of PLAIN: the name of a key. */
  readonly user?: string;
  /** Of PLAIN: the key. */
  readonly password?: string;
}

export interface ConnectionHandler {
  /** The peer wants a link. To be answered once by `accept…` or `refuse`, at once or later. Must not throw. */
  attach(request: LinkRequest): void;
  /** The connection is gone; its links have been told before. */
  closed(): void;
}

/** A link that the peer asks for. */
export interface LinkRequest {
  readonly connection: Connection;
  readonly name: string;
  /** Our role: `sender` when the peer wants to receive. */
  readonly role: "sender" | "receiver";
  readonly source: Terminus | undefined;
  /** A coordinator (transactions) has no address and `coordinator` set. */
  readonly target: Terminus | undefined;
  readonly properties: ReadonlyMap<string, AmqpValue>;
  readonly desiredCapabilities: readonly string[];
  /** 0 unsettled, 1 settled, 2 mixed. */
  readonly senderSettleMode: number;
  /** 0 first, 1 second. */
  readonly receiverSettleMode: number;
  /** For the role `sender`. Source, target and settle modes of the request are echoed unless the reply has others. */
  acceptAsSender(handler: SenderHandler, reply?: AttachReply): SenderLink;
  /** For the role `receiver`. No credit is given until `grant`. */
  acceptAsReceiver(handler: ReceiverHandler, reply?: AttachReply): ReceiverLink;
  /** Answers with a null source or target and a closing detach, as AMQP demands. */
  refuse(error: AmqpError): void;
  /** Calls back when the peer gives up, or is gone, before the request was answered. Replaces an earlier callback. */
  onWithdrawn(withdrawn: () => void): void;
}

export interface Terminus {
  readonly address: string | undefined;
  readonly coordinator: boolean;
  readonly dynamic: boolean;
  /** By name; a described value is a {@link Described}. */
  readonly filters: ReadonlyMap<string, AmqpValue>;
}

export interface AttachReply {
  /** Bytes. For the role `receiver`; 0 or missing: no limit is told. */
  readonly maxMessageSize?: number;
  /** Encoded with the types they are given in. */
  readonly properties?: ReadonlyMap<string, AmqpValue>;
  /** Replaces the filters of the source that is echoed. */
  readonly filters?: ReadonlyMap<string, AmqpValue>;
  /** Replaces the address of the source that is echoed: for a peer that asked for a dynamic one. */
  readonly sourceAddress?: string;
  readonly offeredCapabilities?: readonly string[];
}

/** A link on which we send. */
export interface SenderLink {
  readonly name: string;
  readonly connection: Connection;
  /** Messages that may be sent now: the peer's credit less what was sent since. 0 while the peer reads too slowly. */
  readonly credit: number;
  /** @throws {Error} without credit, or on a link that has ended: both are bugs of the caller. */
  send(message: OutgoingMessage): OutgoingDelivery;
  /** Answers a drain: gives back the credit that is left, also when there is none. */
  drained(): void;
  /** Ends the link from our side. The handler hears nothing of it. */
  detach(error?: AmqpError): void;
}

export interface OutgoingMessage {
  /** The encoded sections, in order. Not copied: nobody may change them. */
  readonly payload: readonly Uint8Array[];
  /** At most 32 bytes. */
  readonly tag: Uint8Array;
  /** Sent settled: no disposition will come. */
  readonly settled: boolean;
  /** Default 0. */
  readonly format?: number;
}

export interface OutgoingDelivery {
  readonly tag: Uint8Array;
  /** Tells our last word and forgets the delivery; whatever the peer says of it afterwards is ignored. */
  settle(state?: DeliveryState): void;
}

export interface SenderHandler {
  /** The peer gave credit, took it back, wants it used up (`drain`), or reads again: look at `link.credit`. */
  flow(link: SenderLink, drain: boolean): void;
  /** What the peer says of an unsettled delivery. With `settled` it has forgotten the delivery, and so has the engine. */
  disposition(link: SenderLink, delivery: OutgoingDelivery, state: DeliveryState, settled: boolean): void;
  /** The peer, its session or its connection ended the link: once, and not after our own detach. */
  detached(link: SenderLink): void;
}

/** A link on which we receive. */
export interface ReceiverLink {
  readonly name: string;
  readonly connection: Connection;
  /** What the peer may still send. */
  readonly credit: number;
  /** Adds to what the peer may send. */
  grant(credit: number): void;
  detach(error?: AmqpError): void;
}

export interface IncomingDelivery {
  readonly tag: Uint8Array;
  readonly format: number;
  /** The whole message, from however many frames. */
  readonly payload: Buffer;
  /** The peer wants no answer. */
  readonly settled: boolean;
  /** Tells the outcome and forgets the delivery. */
  settle(state: DeliveryState): void;
}

export interface ReceiverHandler {
  message(link: ReceiverLink, delivery: IncomingDelivery): void;
  detached(link: ReceiverLink): void;
}

export type DeliveryState =
  | { readonly type: "accepted" }
  | { readonly type: "released" }
  | {
      readonly type: "rejected";
      readonly error?: AmqpError | undefined;
      readonly info?: ReadonlyMap<string, AmqpValue>;
    }
  | {
      readonly type: "modified";
      readonly deliveryFailed: boolean;
      readonly undeliverableHere: boolean;
      readonly annotations?: ReadonlyMap<string, AmqpValue>;
    }
  /** `received`, transactional and unknown states: nothing is decided. */
  | { readonly type: "other" };

/**
 * A decoded value. Numbers of any width that fit are `number`, longs beyond 2^53 are `bigint`; symbols are strings;
 * binary is `Buffer`; lists and arrays are arrays. To choose a type when writing, wrap the value: see `codec.ts`.
 */
export type AmqpValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | AmqpUuid
  | Described
  | Wrapped
  | readonly AmqpValue[]
  | ReadonlyMap<AmqpValue, AmqpValue>;

/** 16 bytes in network order. */
export class AmqpUuid {
  constructor(readonly bytes: Uint8Array) {}
}

/** A value with a descriptor: a symbol, or a number (`bigint` above 2^53). */
export class Described {
  constructor(
    readonly descriptor: string | number | bigint,
    readonly value: AmqpValue,
  ) {}
}

/** A value that is to be written as one AMQP type. Never found in what was decoded. */
export class Wrapped {
  constructor(
    readonly type: WrappedType,
    readonly value: AmqpValue,
  ) {}
}

export type WrappedType =
  | "boolean"
  | "ubyte"
  | "ushort"
  | "uint"
  | "ulong"
  | "byte"
  | "short"
  | "int"
  | "long"
  | "float"
  | "double"
  | "symbol"
  | "uuid[]"
  | "timestamp[]"
  | "long[]"
  | "string[]"
  | "symbol[]";

/** What the engine endures of a peer. Every limit is one peer's, unless it says otherwise. */
export interface EngineLimits {
  /** Frames above this are refused unread. Default 65,536. */
  readonly maxFrameBytes: number;
  /** One message, over all its frames. Default 104,857,600 (100 MiB), the largest of the premium tier. */
  readonly maxMessageBytes: number;
  /** Messages of which a part has come, of all peers of this server together. Default 536,870,912 (512 MiB). */
  readonly maxPartialBytes: number;
  /** Default 2,048. */
  readonly maxSessions: number;
  /** Over all sessions. Default 4,096. */
  readonly maxLinks: number;
  /** What all attaches of the links of a peer weigh together. Default 8 MiB. */
  readonly maxAttachBytes: number;
  /** Deliveries that the peer has not settled, over all its links; then nothing more is sent. Default 50,000. */
  readonly maxUnsettled: number;
  /** Values within values. Default 32. */
  readonly maxDepth: number;
  /** What waits to be read by a slow peer; above it nothing more is sent until it reads. Default 4 MiB. */
  readonly maxUnreadBytes: number;
  /** Time for a new connection to say `open`. Default 10,000 ms. */
  readonly handshakeMs: number;
  /** Silence after which a peer is cut off; told to it as idle-time-out / 2. Default 120,000 ms. */
  readonly idleMs: number;
  /** How long a peer may take to answer a `close`; then it is cut off. Default 1,000 ms. */
  readonly closeMs: number;
  /** Connections of this server, all peers together; the next one is refused. Default 5,000. */
  readonly maxConnections: number;
}

/** Sees every frame, and decides what becomes of it. For faults and the recorder; without one, frames just pass. */
export type FrameTap = (frame: TappedFrame) => FrameFate;

export interface TappedFrame {
  readonly connection: Connection;
  readonly direction: "in" | "out";
  /** `empty` is a heartbeat. */
  readonly kind:
    "open" | "begin" | "attach" | "flow" | "transfer" | "disposition" | "detach" | "end" | "close" | "empty";
  readonly channel: number;
  readonly bytes: Uint8Array;
}

export type FrameFate =
  | "pass"
  | "drop"
  | "duplicate"
  /** Holds back this frame and, as TCP would, everything behind it in the same direction. */
  | { readonly delayMs: number }
  | { readonly replaceWith: Uint8Array };
