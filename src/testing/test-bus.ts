import type { App } from "../app.js";
import type { ClaimCheckOptions } from "../claim-check/options.js";
import type { Channel, Need, Target } from "../contracts/channel.js";
import type { InputOf, Message, OutputOf } from "../contracts/message.js";
import type { SendOptionsFor } from "../contracts/send-options.js";
import type { WaybillError } from "../errors.js";
import type { DeadLetterReason, HeaderValue } from "../message/envelope.js";
import type { AppEvent } from "../policy/app-event.js";
import type { DepsOption } from "../run.js";
import type { Duration } from "../runtime/duration.js";
import type { AnyService, DepsOf, SendsOf } from "../service.js";
import type { IdempotencyStore } from "../store/idempotency-store.js";
import type { Outgoing, Transport } from "../transport/transport.js";
import { openBus } from "./bus.js";
import type { CrashPlan } from "./simulated-process.js";
import type { FaultyStep } from "./watched-transport.js";

/** Options of {@link testBus}. */
export type TestBusOptions<D> = DepsOption<D> & {
  /** Decides every random number of the test. Default `"waybill"`. */
  readonly seed?: string;
  /** The virtual time at the begin. Default: the start of 2026, UTC. */
  readonly now?: Date;
  /** Default: a new in-memory broker. */
  readonly transport?: Transport;
  /** Default: a new in-memory store. */
  readonly idempotency?: IdempotencyStore;
  /** As of `run()`; without a `store`, a new one in memory. Default: none, so that large data is refused. */
  readonly claimCheck?: Partial<ClaimCheckOptions>;
};

/** Services that run on a broker of their own, in virtual time. */
export interface TestBus<S extends string = string> {
  /** Sends a message as a producer outside would: validated, encoded, through the rules of the broker. */
  deliver<X extends Need, M extends Message>(
    to: Target<string, X, M>,
    data: InputOf<M>,
    options?: SendOptionsFor<X>,
  ): Promise<Delivered>;
  /** Sends bytes as they are, as a producer without Waybill or with a broken one would. */
  deliverRaw(channel: Channel, raw: RawMessage): Promise<Delivered>;
  /** Lets the broker deliver the same message once more, as it may at any time. */
  redeliver(message: Delivered): Promise<void>;
  /**
   * Runs everything that is due until nothing is left to do, in virtual time up to `advance` from now.
   *
   * Virtual time stands still while a handler waits for something real; one that takes longer than a second is named.
   * @throws {WaybillError} `notQuiet` if a handler neither ends nor waits, or handlers send to each other for ever.
   */
  settle(options?: { readonly advance?: Duration }): Promise<void>;
  /** What the services have sent, as a handler would get it, in order; without retries and redeliveries. */
  sent<X extends Need, M extends Message>(to: Target<string, X, M>): readonly OutputOf<M>[];
  /** The dead letters of everything that the services read, or of one channel. */
  deadLetters(channel?: Channel): readonly TestDeadLetter[];
  /** Makes the next step of this kind fail. */
  failNext(step: FaultyStep, options?: FailNextOptions): void;
  /** Kills a service at a boundary: nothing of it happens any more, as if its process had died. */
  crash(service: AnyService, plan?: CrashPlan): void;
  /** Whether the service's process lives: false after a crash. */
  isAlive(service: AnyService): boolean;
  /** Starts a crashed service again, as a new process. */
  restart(service: AnyService): Promise<void>;
  /** Waits for a signal in a fake, in a way that lets virtual time pass. Rejects with the signal's reason. */
  hang(signal: AbortSignal): Promise<never>;
  /** The running service: to send, pause, resume, ask for its health. */
  app(service?: AnyService): App<S>;
  /** Everything that the services have told, in order. */
  readonly events: readonly AppEvent[];
  /** The virtual time. */
  now(): Date;
  /**
   * Stops the services, driving virtual time.
   * @throws {WaybillError} `notQuiet` if a delivery was not settled by the deadline, naming each; or if messages wait
   * now that a service reads and nobody has handled. What waits for a later time, such as a retry, is no leftover.
   */
  stop(options?: TestStopOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of {@link TestBus.stop}. */
export interface TestStopOptions {
  /** Default 30 s of virtual time. */
  readonly deadline?: Duration;
  /** Whether messages that nobody has handled are an error. Default `"report"`. */
  readonly leftovers?: "report" | "ignore";
}

/** A message that a test delivered. */
export interface Delivered {
  readonly id: string;
  readonly channel: string;
  readonly outgoing: Outgoing;
}

/** A message as it travels, made by hand. What is absent is absent on the wire. */
export interface RawMessage {
  readonly body: Uint8Array | string;
  readonly contentType?: string;
  readonly id?: string;
  readonly type?: string;
  readonly version?: number;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, HeaderValue>>;
}

/** A dead letter, as a test looks at it. */
export interface TestDeadLetter {
  readonly channel: string;
  readonly as: string;
  readonly id: string;
  readonly type: string;
  readonly reason: DeadLetterReason;
  readonly description: string;
  readonly attempts: number;
  readonly data: unknown;
}

/** Options of {@link TestBus.failNext}. */
export interface FailNextOptions {
  /** Only on this channel. Default: on all. */
  readonly channel?: Channel;
  /** Default: a `transportFailed` error. */
  readonly error?: WaybillError;
  /** The step has its effect, but is reported as failed. Default false. */
  readonly afterEffect?: boolean;
  /** How many times. Default 1. */
  readonly times?: number;
}

/** The services of one argument: one, or a list. */
export type ServicesOf<S> = S extends readonly AnyService[] ? S[number] : S extends AnyService ? S : never;

/** What all services together need. */
export type AllDepsOf<S extends AnyService> = (
  S extends AnyService ? (deps: DepsOf<S>) => void : never
) extends (deps: infer D) => void
  ? D
  : never;

/** The options, which may be absent if no service needs anything. */
export type TestBusArguments<D> =
  Record<never, never> extends D ? [options?: TestBusOptions<D>] : [options: TestBusOptions<D>];

/**
 * Runs one service, or several, on an in-memory broker with a virtual clock: no broker, no waiting, no sleeping.
 * @throws {WaybillError} as `run()` does.
 */
export async function testBus<const S extends AnyService | readonly AnyService[]>(
  given: S,
  ...[options]: TestBusArguments<AllDepsOf<ServicesOf<S>>>
): Promise<TestBus<SendsOf<ServicesOf<S>>>> {
  const services: readonly AnyService[] = isList(given) ? given : [given];
  return openBus(
    services.map((service) => service["~service"]),
    options ?? {},
  );
}

const isList = (given: AnyService | readonly AnyService[]): given is readonly AnyService[] =>
  Array.isArray(given);
