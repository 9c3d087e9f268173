import { channelId, type Target } from "../contracts/channel.js";
import type { ScheduledSendOptions, Sent } from "../contracts/send-options.js";
import { WaybillError } from "../errors.js";
import { durationMs } from "../runtime/duration.js";
import { stableId } from "../runtime/hash.js";
import type { BatchContext, Context, Files, IdempotencyFacts } from "./context.js";
import type { DeliveryRun } from "./delivery-run.js";
import type { Consumer, OutboundMessage, OutboundOrigin } from "./environment.js";
import { HandlerFiles } from "./handler-files.js";
import { PendingSend } from "./pending-send.js";
import type { Received } from "./received.js";
import { sleep } from "./wait.js";

/** A message that a handler wants to send, and what became of it so far. */
interface Pending {
  readonly run: DeliveryRun;
  readonly promise: PendingSend;
  made: OutboundMessage | undefined;
}

/**
 * Collects what one handler run sends, in the order of the calls. Closed when the handler has ended: what comes later
 * is refused, never lost in silence.
 */
export class SendBuffer {
  readonly #consumer: Consumer;
  #pending: Pending[] | undefined;
  /** How many messages of each kind have been given an id. */
  #counts: Map<string, number> | undefined;
  #closed = false;

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  /** Validates and encodes now; sends when the run has succeeded. */
  add(
    run: DeliveryRun,
    cause: Received,
    to: Target,
    data: unknown,
    options: ScheduledSendOptions = {},
  ): PendingSend {
    if (this.#closed)
      return new PendingSend((_resolve, reject) => {
        reject(ended(cause));
      });
    const entry = { run, made: undefined as OutboundMessage | undefined };
    const promise = new PendingSend((resolve, reject) => {
      const accept = (made: OutboundMessage): void => {
        entry.made = made;
        resolve({ id: made.outgoing.envelope.id });
      };
      try {
        const made = this.#consumer.outbound.prepare(
          to,
          data,
          options,
          this.#origin(run, cause, to, options),
        );
        if (made instanceof Promise) made.then(accept, reject);
        else accept(made);
      } catch (error) {
        reject(error);
      }
    });
    // The failure of a send that nobody awaits is reported by close(), not by the process.
    void promise.settled();
    (this.#pending ??= []).push(Object.assign(entry, { promise }));
    return promise;
  }

  get empty(): boolean {
    return this.#pending === undefined;
  }

  /** Validates, encodes and sends now, whatever becomes of the run. */
  async sendNow(
    run: DeliveryRun,
    cause: Received,
    to: Target,
    data: unknown,
    options: ScheduledSendOptions = {},
  ): Promise<Sent> {
    if (this.#closed) throw ended(cause);
    const made = await this.#consumer.outbound.prepare(
      to,
      data,
      options,
      this.#origin(run, cause, to, options),
    );
    const [result] = await this.#consumer.outbound.dispatch([made]);
    if (result?.ok === false) throw result.error;
    const { id } = made.outgoing.envelope;
    return result?.scheduleToken === undefined ? { id } : { id, scheduleToken: result.scheduleToken };
  }

  /**
   * Waits for the sends that are still being prepared and refuses later ones. Gives what is to be sent for `run`.
   * @throws whatever the first failed send failed with that the handler did not look at.
   */
  async close(): Promise<void> {
    this.refuse();
    for (const { promise } of this.#pending ?? []) {
      const error = await promise.settled();
      if (error !== undefined && !promise.observed) throw error;
    }
  }

  /** From now on: the handler has ended. */
  refuse(): void {
    this.#closed = true;
  }

  /** What is to be sent because of `run`; every message if it is absent. */
  prepared(run?: DeliveryRun): readonly OutboundMessage[] {
    const messages: OutboundMessage[] = [];
    for (const entry of this.#pending ?? []) {
      if (entry.made !== undefined && (run === undefined || entry.run === run)) messages.push(entry.made);
    }
    return messages;
  }

  /**
   * What a message sent because of `cause` inherits. Its id is the same on every run: it is numbered when the handler
   * calls, not when an asynchronous schema has answered.
   */
  #origin(
    { delivery: { envelope } }: DeliveryRun,
    cause: Received,
    to: Target,
    options: ScheduledSendOptions,
  ): OutboundOrigin {
    const { service, runtime } = this.#consumer;
    const id = options.id ?? this.#nextId(cause, to);
    return {
      source: service,
      nowMs: runtime.now(),
      correlationId: cause.correlationId,
      causationId: cause.id,
      traceparent: envelope.traceparent,
      tracestate: envelope.tracestate,
      newId: () => id,
    };
  }

  /** A hash over the message in hand, where it is handled, where this one goes, and how many went there before. */
  #nextId(cause: Received, to: Target): string {
    const { service, spec } = this.#consumer;
    const destination = channelId(to["~target"].spec);
    const { type } = to["~target"].message["~message"];
    const parts = [cause.source, cause.id, service, channelId(spec.channel), spec.as, destination, type];
    const name = parts.join("\n");
    const counts = (this.#counts ??= new Map<string, number>());
    const n = (counts.get(name) ?? 0) + 1;
    counts.set(name, n);
    return stableId([...parts, String(n)]);
  }
}

/**
 * The context of one handler run on one delivery. Its functions are made when they are asked for, so that a handler may
 * take them out of it (`async (msg, { send }) => …`) and a run that uses none pays for none.
 */
export class HandlerContext implements Context<unknown, string> {
  readonly deps: unknown;
  readonly attempt: number;
  /** The transaction of the inbox, if the consumer has one. */
  readonly tx: unknown;
  readonly #run: DeliveryRun;
  readonly #message: Received;
  readonly #sends: SendBuffer;
  readonly #consumer: Consumer;
  #files: HandlerFiles | undefined;
  #ended = false;

  constructor(consumer: Consumer, run: DeliveryRun, message: Received, sends: SendBuffer, tx?: unknown) {
    this.deps = consumer.deps;
    this.attempt = run.spent + 1;
    this.#run = run;
    this.#message = message;
    this.#sends = sends;
    this.#consumer = consumer;
    if (tx !== undefined) this.tx = tx;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get idempotency(): IdempotencyFacts {
    return new MessageIdempotency(this.#consumer, this.#run, this.#message);
  }

  get send(): Context<unknown, string>["send"] {
    return (to, data, options) => this.#sends.add(this.#run, this.#message, to, data, options);
  }

  get sendNow(): Context<unknown, string>["sendNow"] {
    return (to, data, options) => this.#sends.sendNow(this.#run, this.#message, to, data, options);
  }

  get sleep(): Context<unknown, string>["sleep"] {
    return (duration) =>
      sleep(this.#consumer.runtime, this.#run.work, durationMs(duration, "ctx.sleep"), this.#run.signal);
  }

  get upload(): Files["upload"] {
    return async (content, options) => this.#handlerFiles().upload(content, options);
  }

  get download(): Files["download"] {
    return async (attachment) => this.#handlerFiles().download(attachment);
  }

  /** The handler has ended. */
  end(): void {
    this.#ended = true;
    this.#files?.end();
  }

  #handlerFiles(): HandlerFiles {
    this.#files ??= new HandlerFiles(this.#consumer, () => this.#run.signal);
    if (this.#ended) this.#files.end();
    return this.#files;
  }
}

/** The context of one batch handler run. */
export class HandlerBatchContext implements BatchContext<unknown, string> {
  readonly deps: unknown;
  readonly signal: AbortSignal;
  readonly #runs: ReadonlyMap<Received, DeliveryRun>;
  readonly #sends: SendBuffer;
  readonly #consumer: Consumer;
  readonly #files: HandlerFiles;

  constructor(consumer: Consumer, runs: ReadonlyMap<Received, DeliveryRun>, sends: SendBuffer) {
    this.deps = consumer.deps;
    this.signal = AbortSignal.any([...runs.values()].map((run) => run.signal));
    this.#runs = runs;
    this.#sends = sends;
    this.#consumer = consumer;
    this.#files = new HandlerFiles(consumer, () => this.signal);
  }

  get send(): BatchContext<unknown, string>["send"] {
    return (cause, to, data, options) => {
      const run = this.#runs.get(cause);
      if (run !== undefined) return this.#sends.add(run, cause, to, data, options);
      return Promise.reject(
        new WaybillError(
          "invalidOption",
          "the cause of a batch's send must be one of the batch's own messages",
        ),
      );
    };
  }

  get sleep(): BatchContext<unknown, string>["sleep"] {
    return async (duration) => {
      const delayMs = durationMs(duration, "ctx.sleep");
      const waits = [...this.#runs.values()].map((run) =>
        sleep(this.#consumer.runtime, run.work, delayMs, this.signal),
      );
      await Promise.all(waits);
    };
  }

  get upload(): Files["upload"] {
    return (content, options) => this.#files.upload(content, options);
  }

  get download(): Files["download"] {
    return (attachment) => this.#files.download(attachment);
  }

  /** The handler has ended. */
  end(): void {
    this.#files.end();
  }
}

class MessageIdempotency implements IdempotencyFacts {
  readonly #consumer: Consumer;
  readonly #run: DeliveryRun;
  readonly #message: Received;

  constructor(consumer: Consumer, run: DeliveryRun, message: Received) {
    this.#consumer = consumer;
    this.#run = run;
    this.#message = message;
  }

  get recovered(): boolean {
    return this.#run.claimRecovered;
  }

  get token(): number | undefined {
    return this.#run.claim?.token;
  }

  get downstreamKey(): IdempotencyFacts["downstreamKey"] {
    const { service, spec } = this.#consumer;
    const { source, id } = this.#message;
    return (step) => stableId(["downstream", service, channelId(spec.channel), spec.as, source, id, step]);
  }
}

function ended(cause: Received): WaybillError {
  return new WaybillError(
    "contextEnded",
    `the handler of message ${cause.id} has ended, so nothing was sent: await what the handler starts`,
  );
}
