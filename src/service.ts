import type { AroundHook } from "./consume/around.js";
import type { BatchContext, ContextWith } from "./consume/context.js";
import type { ConsumerSpec } from "./consume/consumer-spec.js";
import type {
  ListenerHandlers,
  Others,
  QueueBatchHandlers,
  QueueHandlers,
  StreamBatchHandlers,
  StreamHandlers,
  TopicHandlers,
} from "./consume/handlers.js";
import type {
  BatchOptions,
  ConsumerOptions,
  ListenOptions,
  QueueOptions,
  ReadOptions,
  SubscribeOptions,
} from "./consume/options.js";
import { consumerSpec } from "./consume/consumer-spec.js";
import { channelId, type Channel, type ChannelKind, type Messages, type Need } from "./contracts/channel.js";
import { WaybillError } from "./errors.js";

/**
 * What a service needs, sends and handles: a frozen plain object. Making one builds nothing and connects to nothing.
 *
 * `D` is what the service needs to be given, `N` what its channels need of a transport, `S` the names of the
 * channels that its handlers may send to.
 */
export interface Service<
  Name extends string = string,
  D = object,
  N extends Need = never,
  S extends string = never,
> {
  readonly "~service": ServiceSpec<Name, D, N, S>;

  /** Declares what the handlers find as `ctx.deps`. Types only; the values are given to `run()` or `testBus()`. */
  needs<Deps extends object>(): Service<Name, D & Deps, N, S>;

  /** Declares the channels that the service sends to. `ctx.send` and `app.send` accept no others. */
  sends<const C extends readonly Channel[]>(
    ...channels: C
  ): Service<Name, D, N | NeedsOfChannel<C[number]>, S | NameOfChannel<C[number]>>;

  /**
   * Handles the messages of a queue: every one, exhaustively.
   * @throws {WaybillError} `duplicateHandler` if the service reads the queue already; `invalidOption`.
   */
  consume<C extends string, M extends Messages, X extends Need, Tx = never>(
    channel: Channel<C, "queue", M, X>,
    handlers: QueueHandlers<M, ContextWith<D, S, Tx>>,
    options?: QueueOptions<M, Tx>,
  ): Service<Name, D, N | X, S>;

  /** Handles the messages of a queue in batches of one type. */
  consumeBatch<C extends string, M extends Messages, X extends Need>(
    channel: Channel<C, "queue", M, X>,
    handlers: QueueBatchHandlers<M, BatchContext<D, S>>,
    options?: ConsumerOptions<M> & BatchOptions,
  ): Service<Name, D, N | X, S>;

  /**
   * Handles a subscription's copies of a topic's messages.
   * @throws {WaybillError} `duplicateHandler` if the service has this subscription already; `invalidOption`.
   */
  subscribe<C extends string, M extends Messages, X extends Need, Oth extends Others = never, Tx = never>(
    channel: Channel<C, "topic", M, X>,
    handlers: TopicHandlers<M, ContextWith<D, S, Tx>, Oth>,
    options?: SubscribeOptions<M, Tx, Oth>,
  ): Service<Name, D, N | X, S>;

  /**
   * Reads a stream as a consumer group, from its checkpoint on.
   * @throws {WaybillError} `duplicateHandler` if the service reads it as this group already; `invalidOption`.
   */
  read<C extends string, M extends Messages, X extends Need, Oth extends Others = never, Tx = never>(
    channel: Channel<C, "stream", M, X>,
    handlers: StreamHandlers<M, ContextWith<D, S, Tx>, Oth>,
    options?: ReadOptions<M, Tx, Oth>,
  ): Service<Name, D, N | X, S>;

  /** Reads a stream in batches of one type and partition. */
  readBatch<C extends string, M extends Messages, X extends Need, Oth extends Others = never>(
    channel: Channel<C, "stream", M, X>,
    handlers: StreamBatchHandlers<M, BatchContext<D, S>, Oth>,
    options?: ReadOptions<M, never, Oth> & BatchOptions,
  ): Service<Name, D, N | X, S>;

  /**
   * Listens to notifications.
   * @throws {WaybillError} `duplicateHandler` if the service has this listener already; `invalidOption`.
   */
  listen<C extends string, M extends Messages, X extends Need, Oth extends Others = never>(
    channel: Channel<C, "notifications", M, X>,
    handlers: ListenerHandlers<M, ContextWith<D, S, never>, Oth>,
    options?: ListenOptions<M, Oth>,
  ): Service<Name, D, N | X, S>;

  /** Wraps every handler run of the service; hooks added first are outermost. Call `next` once. */
  around(hook: AroundHook): Service<Name, D, N, S>;
}

/** The data of a service. */
export interface ServiceSpec<
  Name extends string = string,
  D = unknown,
  N extends Need = Need,
  S extends string = string,
> {
  readonly format: 1;
  readonly name: Name;
  readonly sends: readonly Channel[];
  readonly consumers: readonly ConsumerSpec[];
  readonly around: readonly AroundHook[];
  /** Types only: never set. */
  readonly types?: { readonly deps: D; readonly needs: N; readonly sends: S };
}

/** Any service: what `run()` and `testBus()` take. */
export interface AnyService {
  readonly "~service": ServiceSpec;
}

export type NeedsOfChannel<C> = C extends Channel<string, ChannelKind, Messages, infer X> ? X : never;
export type NameOfChannel<C> = C extends Channel<infer N> ? N : never;
export type DepsOf<S extends AnyService> = NonNullable<S["~service"]["types"]>["deps"];
export type NeedsOf<S extends AnyService> = NonNullable<S["~service"]["types"]>["needs"];
export type SendsOf<S extends AnyService> = NonNullable<S["~service"]["types"]>["sends"];

/**
 * Declares a service. Its name is the default name of its subscriptions, consumer groups and listeners, and the
 * scope of its idempotency records: keep it.
 * @throws {WaybillError} `invalidOption` for a name that is not 1 to 50 letters, digits, dots, dashes or underscores.
 */
export function service<const Name extends string>(name: Name): Service<Name> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/.test(name)) {
    throw new WaybillError(
      "invalidOption",
      `the service name ${JSON.stringify(name)} is not usable: give 1 to 50 letters, digits, dots, dashes or underscores, a letter or digit first`,
    );
  }
  return serviceOf({ format: 1, name, sends: [], consumers: [], around: [] });
}

function serviceOf<Name extends string, D, N extends Need, S extends string>(
  spec: ServiceSpec<Name, D, N, S>,
): Service<Name, D, N, S> {
  const consumer =
    (batch: boolean) =>
    (channel: Channel, handlers: object, options: object = {}) => {
      const added = consumerSpec({ service: spec.name, channel, handlers, options, batch });
      refuseDuplicate(spec.name, spec.consumers, added);
      return serviceOf({ ...spec, consumers: [...spec.consumers, added] });
    };
  const steps: { [Step in keyof Service]: Step extends "~service" ? object : (...input: never[]) => object } =
    {
      "~service": Object.freeze(spec),
      needs: () => Object.freeze(steps),
      sends: (...channels: readonly Channel[]) => serviceOf({ ...spec, sends: [...spec.sends, ...channels] }),
      around: (hook: AroundHook) => serviceOf({ ...spec, around: [...spec.around, hook] }),
      consume: consumer(false),
      consumeBatch: consumer(true),
      subscribe: consumer(false),
      read: consumer(false),
      readBatch: consumer(true),
      listen: consumer(false),
    };
  // The type parameters grow with each step; the data behind them is one list, checked when it is added to.
  return Object.freeze(steps) as unknown as Service<Name, D, N, S>;
}

function refuseDuplicate(service: string, consumers: readonly ConsumerSpec[], added: ConsumerSpec): void {
  const same = consumers.some((c) => channelId(c.channel) === channelId(added.channel) && c.as === added.as);
  if (!same) return;
  const { kind, name } = added.channel;
  throw new WaybillError(
    "duplicateHandler",
    kind === "queue"
      ? `service "${service}" consumes queue "${name}" twice: put both handlers into one map`
      : `service "${service}" reads ${kind} "${name}" twice as "${added.as}": put both handlers into one map, or give one { as: "another-name" }`,
  );
}
