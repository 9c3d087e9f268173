import type { Messages } from "../contracts/channel.js";
import type { Message } from "../contracts/message.js";
import type { ListenerSettlement, QueueSettlement, StreamSettlement } from "../message/settlement.js";
import type { Received } from "./received.js";

/** A handler: returns nothing, or a settlement of its kind of channel. A throw is a failure. */
export type Handler<M extends Message, C, R> = (message: Received<M>, context: C) => Answer<R>;

/** A batch handler: returns nothing, one settlement for all, or one answer per message in order. */
export type BatchHandler<M extends Message, C, R> = (
  messages: readonly Received<M>[],
  context: C,
) => Answer<R | readonly (R | undefined)[]>;

/** What a handler may answer, now or later. */
export type Answer<R> = R | void | undefined | Promise<R | void | undefined>;

/** Handlers of a queue: every message has one, or is dead-lettered on purpose. */
export type QueueHandlers<M extends Messages, C> = {
  readonly [P in keyof M]: Handler<M[P], C, QueueSettlement> | "deadLetter";
};

/** What may become of the messages that a handler map does not name. */
export type Others = "ignore" | "deadLetter";

/** Makes a handler map exhaustive, unless the options say what becomes of the others. */
export type Exhaustive<H, Oth> = [Oth] extends [Others] ? ([Oth] extends [never] ? H : Partial<H>) : H;

/** Handlers of a topic: every message has one, or is ignored or dead-lettered on purpose. */
export type TopicHandlers<M extends Messages, C, Oth> = Exhaustive<
  { readonly [P in keyof M]: Handler<M[P], C, QueueSettlement> | "ignore" | "deadLetter" },
  Oth
>;

/** Handlers of a stream. */
export type StreamHandlers<M extends Messages, C, Oth> = Exhaustive<
  { readonly [P in keyof M]: Handler<M[P], C, StreamSettlement> | "ignore" | "deadLetter" },
  Oth
>;

/** Handlers of a notifications channel. */
export type ListenerHandlers<M extends Messages, C, Oth> = Exhaustive<
  { readonly [P in keyof M]: Handler<M[P], C, ListenerSettlement> | "ignore" | "deadLetter" },
  Oth
>;

/** Batch handlers of a queue. */
export type QueueBatchHandlers<M extends Messages, C> = {
  readonly [P in keyof M]: BatchHandler<M[P], C, QueueSettlement> | "deadLetter";
};

/** Batch handlers of a stream. */
export type StreamBatchHandlers<M extends Messages, C, Oth> = Exhaustive<
  { readonly [P in keyof M]: BatchHandler<M[P], C, StreamSettlement> | "ignore" | "deadLetter" },
  Oth
>;
