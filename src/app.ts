import type { ClaimCheck, UploadOptions } from "./claim-check/claim-check.js";
import type { UploadContent } from "./claim-check/measured.js";
import {
  channelId,
  type Channel,
  type ChannelKind,
  type Messages,
  type Need,
  type Target,
} from "./contracts/channel.js";
import type { Attachment } from "./contracts/attachment.js";
import type { InputOf, Message } from "./contracts/message.js";
import type { ScheduledSendOptions, SendOptionsFor, SendOutcome, Sent } from "./contracts/send-options.js";
import type { Pump } from "./consume/pump.js";
import { openDeadLetters, type DeadLetters } from "./dead-letters.js";
import { WaybillError } from "./errors.js";
import type { EventListener } from "./policy/app-event.js";
import type { Prepared } from "./produce/prepare.js";
import type { Producer } from "./produce/producer.js";
import { durationMs, type Duration } from "./runtime/duration.js";
import type { Runtime, TimerHandle } from "./runtime/runtime.js";
import { healthOf, type Health, type Life } from "./supervise/health.js";
import { shutDown, type StopReport } from "./supervise/shutdown.js";
import type { Watchdog } from "./supervise/watchdog.js";
import type { Connection, SendResult } from "./transport/transport.js";

/** A running service. `S` are the names of the channels that it declares to send to. */
export interface App<S extends string = string> {
  /**
   * Sends one message; resolves once the broker has it.
   * @throws {WaybillError} `invalidMessage`, `notSerialisable`, `keyRequired`, `tooLarge`, `closed`; otherwise what the
   * transport says: with class `ambiguous` the broker may have it, so repeat it with the same id only.
   */
  send<X extends Need, M extends Message>(
    to: Target<S, X, M>,
    data: InputOf<M>,
    options?: SendOptionsFor<X>,
  ): Promise<Sent>;
  /** Sends many messages to one channel, in order. Never throws: one outcome per message, in order. */
  sendMany<X extends Need, M extends Message>(
    to: Target<S, X, M>,
    data: readonly InputOf<M>[],
    options?: (data: InputOf<M>, index: number) => SendOptionsFor<X>,
  ): Promise<readonly SendOutcome[]>;
  /**
   * Streams a file to the store of the claim check, for messages to carry as an attachment: a few pieces are in memory at a time.
   * Resolves once it can be downloaded; one that fails or is given up leaves nothing to be read.
   * @throws {WaybillError} `missingDependency` without `claimCheck`, `storeFailed`, `invalidMessage`, `closed`; what the content
   * throws.
   */
  upload(content: UploadContent, options: UploadOptions): Promise<Attachment>;
  /**
   * Cancels a scheduled message. Answers whether it was still scheduled.
   * @throws {WaybillError} `unsupported` if the transport cannot cancel.
   */
  cancel(channel: Channel, sent: Sent): Promise<boolean>;
  /** The dead letters of a channel that the service reads. */
  deadLetters<N extends string, K extends ChannelKind, M extends Messages, X extends Need>(
    channel: Channel<N, K, M, X>,
    options?: ConsumerChoice,
  ): DeadLetters<M>;
  /** Fetches deferred messages by their sequence numbers and hands them to the handler. Answers how many it found. */
  resumeDeferred(
    channel: Channel,
    sequenceNumbers: readonly string[],
    options?: ConsumerChoice,
  ): Promise<number>;
  /** Stops asking for messages: of one channel, or of all. Handlers that run go on. */
  pause(channel?: Channel, options?: ConsumerChoice): void;
  resume(channel?: Channel, options?: ConsumerChoice): void;
  /** Changes how many handlers of a channel run at a time: 1 to 1,000. */
  setConcurrency(channel: Channel, concurrency: number, options?: ConsumerChoice): void;
  health(): Health;
  /**
   * Stops: takes no new messages, lets handlers finish, settles, closes. Ends by the deadline whatever hangs; handlers
   * still running then are told by `ctx.signal` and their messages are delivered again. Repeated calls share one stop.
   */
  stop(options?: StopOptions): Promise<StopReport>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Which consumer of a channel, where a service has several. */
export interface ConsumerChoice {
  /** Subscription, consumer group or listener. Default: all that the service has on the channel. */
  readonly as?: string;
}

export interface StopOptions {
  /** Default 30 s. */
  readonly deadline?: Duration;
}

/** What a running service is made of. */
export interface AppParts {
  readonly service: string;
  readonly runtime: Runtime;
  readonly emit: EventListener | undefined;
  readonly claimCheck: ClaimCheck | undefined;
  readonly producer: Producer;
  readonly pumps: readonly Pump[];
  readonly watchdog: Watchdog;
  readonly connections: readonly Connection[];
  /** The connection of each consumer, by its pump. */
  readonly connectionOf: ReadonlyMap<Pump, Connection>;
  /** Keeps the process alive while the service reads something, as a listening server would. */
  readonly hold: TimerHandle | undefined;
}

/** Puts the front of a running service together. */
export function appOf(parts: AppParts): App {
  let stopping: Promise<StopReport> | undefined;
  let life: Life = { state: "running", sinceMs: parts.runtime.now() };

  const stop = async (options: StopOptions = {}): Promise<StopReport> => {
    if (stopping !== undefined) return stopping;
    const deadlineMs = durationMs(options.deadline ?? "30s", "deadline of stop()");
    life = { state: "stopping", sinceMs: parts.runtime.now() };
    parts.watchdog.stop();
    parts.emit?.({ event: "stopping", service: parts.service });
    stopping = shutDown(parts, deadlineMs).then((report) => {
      life = { state: "stopped", sinceMs: parts.runtime.now() };
      parts.hold?.cancel();
      parts.emit?.({ event: "stopped", service: parts.service, unfinished: report.unfinished });
      return report;
    });
    return stopping;
  };
  return Object.freeze({
    send: async (to: Target, data: unknown, options = noOptions) => {
      refuseClosed(parts, life.state);
      const { producer } = parts;
      const making = producer.prepare(to, data, options, producer.origin());
      const made = making instanceof Promise ? await making : making;
      const sending = producer.dispatch([made]);
      const [result] = sending instanceof Promise ? await sending : sending;
      return sentOf(made.outgoing.envelope.id, result);
    },
    sendMany: (
      to: Target,
      data: readonly unknown[],
      options?: (data: never, index: number) => ScheduledSendOptions,
    ) =>
      sendMany(
        parts,
        life.state,
        to,
        data,
        options as ((data: unknown, index: number) => ScheduledSendOptions) | undefined,
      ),
    upload: async (content: UploadContent, options: UploadOptions) =>
      upload(parts, life.state, content, options),
    cancel: async (channel: Channel, sent: Sent) => {
      if (sent.scheduleToken === undefined) return false;
      const [cancelled] = await parts.producer.cancel(channelId(channel["~channel"]), [sent.scheduleToken]);
      return cancelled ?? false;
    },
    ...consumerControls(parts),
    deadLetters: <N extends string, K extends ChannelKind, M extends Messages, X extends Need>(
      channel: Channel<N, K, M, X>,
      options: ConsumerChoice = {},
    ) => openDeadLetters<M>(parts, onePump(parts, channel, options), channel["~channel"]),
    resumeDeferred: (channel: Channel, numbers: readonly string[], options: ConsumerChoice = {}) =>
      resumeDeferred(onePump(parts, channel, options), numbers),
    health: () => healthOf(parts.watchdog, life),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  });
}

/** Pause, resume and the number of handlers, of one channel or of all. */
const consumerControls = (parts: AppParts) => ({
  pause: (channel?: Channel, options: ConsumerChoice = {}): void => {
    for (const pump of pumpsOf(parts, channel, options)) pump.pause();
  },
  resume: (channel?: Channel, options: ConsumerChoice = {}): void => {
    for (const pump of pumpsOf(parts, channel, options)) pump.resume();
  },
  setConcurrency: (channel: Channel, concurrency: number, options: ConsumerChoice = {}): void => {
    checkConcurrency(concurrency);
    for (const pump of pumpsOf(parts, channel, options)) pump.setConcurrency(concurrency);
  },
});

/** Sends from outside of handlers end with the begin of the stop; handlers may send until they have ended. */
function refuseClosed(parts: AppParts, life: string): void {
  if (life === "running") return;
  throw new WaybillError("closed", `service "${parts.service}" is ${life}: nothing was sent`);
}

function upload(
  parts: AppParts,
  life: string,
  content: UploadContent,
  options: UploadOptions,
): Promise<Attachment> {
  refuseClosed(parts, life);
  const { service, claimCheck } = parts;
  if (claimCheck !== undefined) return claimCheck.upload(content, options);
  throw new WaybillError(
    "missingDependency",
    `service "${service}" uploads, but run() got no store: give it claimCheck`,
  );
}

async function sendMany(
  parts: AppParts,
  life: string,
  to: Target,
  data: readonly unknown[],
  options: ((data: unknown, index: number) => ScheduledSendOptions) | undefined,
): Promise<readonly SendOutcome[]> {
  const { producer } = parts;
  const outcomes = new Array<SendOutcome>(data.length);
  const made: Prepared[] = [];
  const places: number[] = [];
  // Of one moment: the messages of one call are made together.
  const origin = producer.origin();
  for (let index = 0; index < data.length; index += 1) {
    const item = data[index];
    try {
      refuseClosed(parts, life);
      const making = producer.prepare(to, item, options?.(item, index) ?? noOptions, origin);
      made.push(making instanceof Promise ? await making : making);
      places.push(index);
    } catch (error) {
      outcomes[index] = { ok: false, id: undefined, error: error as Error };
    }
  }
  const results = await producer.dispatch(made);
  for (const [at, index] of places.entries())
    outcomes[index] = outcomeOf(made[at]!.outgoing.envelope.id, results[at]);
  return outcomes;
}

const noOptions: ScheduledSendOptions = {};

function outcomeOf(id: string, result: SendResult | undefined): SendOutcome {
  if (result?.ok !== true) {
    const error = result?.error ?? new WaybillError("ambiguousSend", "the transport gave no answer");
    return { ok: false, id, error };
  }
  const { scheduleToken } = result;
  return scheduleToken === undefined ? { ok: true, id } : { ok: true, id, scheduleToken };
}

/** @throws why it was not sent. */
function sentOf(id: string, result: SendResult | undefined): Sent {
  if (result === undefined) throw new WaybillError("ambiguousSend", "the transport gave no answer");
  if (!result.ok) throw result.error;
  return result.scheduleToken === undefined ? { id } : { id, scheduleToken: result.scheduleToken };
}

async function resumeDeferred(pump: Pump, numbers: readonly string[]): Promise<number> {
  const { receiver, spec } = pump.consumer;
  if (receiver.receiveDeferred === undefined) {
    throw new WaybillError(
      "unsupported",
      `the transport of "${spec.channel.name}" keeps no deferred messages`,
    );
  }
  const deliveries = await receiver.receiveDeferred(numbers);
  pump.received(deliveries);
  return deliveries.length;
}

function pumpsOf(parts: AppParts, channel: Channel | undefined, { as }: ConsumerChoice): readonly Pump[] {
  if (channel === undefined) return parts.pumps;
  const { name, kind } = channel["~channel"];
  const pumps = parts.pumps.filter(({ consumer }) => {
    const { spec } = consumer;
    return spec.channel.name === name && spec.channel.kind === kind && (as === undefined || spec.as === as);
  });
  if (pumps.length > 0) return pumps;
  throw new WaybillError(
    "unknownChannel",
    `service "${parts.service}" does not read ${kind} "${name}"${as === undefined ? "" : ` as "${as}"`}`,
  );
}

function onePump(parts: AppParts, channel: Channel, choice: ConsumerChoice): Pump {
  const [pump, second] = pumpsOf(parts, channel, choice);
  if (pump !== undefined && second === undefined) return pump;
  const names = pumpsOf(parts, channel, choice).map(({ consumer }) => consumer.spec.as);
  throw new WaybillError(
    "invalidOption",
    `say which one: { as: ${names.map((name) => `"${name}"`).join(" | ")} }`,
  );
}

function checkConcurrency(concurrency: number): void {
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 1000) return;
  throw new WaybillError(
    "invalidOption",
    `concurrency is ${String(concurrency)}: give a whole number from 1 to 1000`,
  );
}
