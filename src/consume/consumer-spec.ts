import type { Channel, ChannelKind, ChannelSpec } from "../contracts/channel.js";
import { WaybillError } from "../errors.js";
import type { HeaderValue } from "../message/envelope.js";
import type { RecoveryPolicy } from "../policy/decide.js";
import { defaultBackoff } from "../policy/backoff.js";
import { durationMs, type Duration } from "../runtime/duration.js";
import type { Inbox } from "../store/inbox.js";
import type { MessageFilter, StartPosition } from "../transport/transport.js";
import type { Others } from "./handlers.js";
import type {
  BatchOptions,
  ConsumerOptions,
  ErrorType,
  IdempotencyOptions,
  ListenOptions,
  ReadOptions,
} from "./options.js";
import type { Received } from "./received.js";

/** A handler as the core calls it: the types were checked where it was declared. */
export type ErasedHandler = (messages: Received | readonly Received[], context: object) => unknown;

/** What becomes of one message type. */
export type HandlerEntry = ErasedHandler | "ignore" | "deadLetter";

/** One consumer of a service: what it reads, what handles it, and every option in milliseconds. */
export interface ConsumerSpec {
  readonly channel: ChannelSpec;
  /** Subscription, consumer group or listener; the queue's name on queues. */
  readonly as: string;
  /** By the name of the message on the channel. */
  readonly handlers: Readonly<Record<string, HandlerEntry>>;
  readonly others: Others | undefined;
  readonly batch: { readonly max: number; readonly maxWaitMs: number } | undefined;
  readonly concurrency: number;
  readonly recovery: RecoveryPolicy;
  readonly giveUpOn: readonly ErrorType[];
  readonly idempotency: IdempotencySpec | undefined;
  readonly inbox: Inbox<unknown> | undefined;
  readonly maxRunMs: number;
  readonly startFrom: StartPosition;
  readonly checkpoint: { readonly events: number; readonly intervalMs: number };
  readonly filter: MessageFilter;
}

export interface IdempotencySpec {
  readonly retentionMs: number;
  readonly leaseMs: number;
  readonly key: ((message: Received) => string) | undefined;
}

interface Declaration {
  readonly service: string;
  readonly channel: Channel;
  readonly handlers: object;
  readonly options: object;
  readonly batch: boolean;
}

/**
 * Checks a consumer's declaration and brings it into the form that the core works with.
 * @throws {WaybillError} `invalidOption` or `unknownChannel`, naming what to change.
 */
export function consumerSpec(declaration: Declaration): ConsumerSpec {
  const channel = declaration.channel["~channel"];
  const options = declaration.options as ErasedOptions;
  const owner = `service "${declaration.service}", ${channel.kind} "${channel.name}"`;
  const handlers = declaration.handlers as Record<string, HandlerEntry>;
  checkHandlers(owner, channel, handlers, options.others);
  if (options.inbox !== undefined && options.idempotent) {
    throw invalid(owner, "has both inbox and idempotent: keep one, the inbox remembers messages too");
  }
  return {
    channel,
    as: channel.kind === "queue" ? channel.name : (options.as ?? declaration.service),
    handlers,
    others: options.others,
    batch: declaration.batch ? batchOf(owner, options) : undefined,
    concurrency: wholeNumber(owner, "concurrency", options.concurrency ?? 10, 1, 1000),
    recovery: recoveryOf(owner, options),
    giveUpOn: options.retry?.giveUpOn ?? [],
    idempotency: idempotencyOf(owner, options),
    inbox: options.inbox,
    maxRunMs: ms(owner, "maxLockRenewal", options.maxLockRenewal ?? "5m"),
    startFrom: startOf(options.startFrom ?? "earliest"),
    checkpoint: {
      events: wholeNumber(owner, "checkpoint.events", options.checkpoint?.events ?? 100, 1, 1_000_000),
      intervalMs: ms(owner, "checkpoint.interval", options.checkpoint?.interval ?? "5s"),
    },
    filter: filterOf(channel, handlers, options),
  };
}

/** Every option that any kind of consumer has; the front door's types say which kind has which. */
type ErasedOptions = Omit<ConsumerOptions, "idempotent"> &
  BatchOptions &
  Pick<ReadOptions<never, never, never>, "startFrom" | "checkpoint"> &
  Pick<ListenOptions<never, never>, "keyBeginsWith" | "keyEndsWith"> & {
    readonly as?: string;
    readonly others?: Others;
    readonly where?: Readonly<Record<string, HeaderValue>>;
    readonly idempotent?:
      boolean | (Omit<IdempotencyOptions, "key"> & { readonly key?: (message: Received) => string });
    readonly inbox?: Inbox<unknown>;
  };

const ignorable: Record<ChannelKind, boolean> = {
  queue: false,
  topic: true,
  stream: true,
  notifications: true,
};

function checkHandlers(
  owner: string,
  channel: ChannelSpec,
  handlers: Record<string, HandlerEntry>,
  others: Others | undefined,
): void {
  if (channel.kind === "queue" && channel.narrowed) {
    throw invalid(
      owner,
      "is narrowed by only(), but each message of a queue has one consumer: handle them all",
    );
  }
  for (const [name, entry] of Object.entries(handlers)) {
    if (!Object.hasOwn(channel.messages, name)) {
      throw invalid(
        owner,
        `has a handler for "${name}", which the channel does not carry; it carries ${Object.keys(channel.messages).join(", ")}`,
      );
    }
    if (
      typeof entry === "function" ||
      entry === "deadLetter" ||
      (entry === "ignore" && ignorable[channel.kind])
    )
      continue;
    throw invalid(
      owner,
      `has ${JSON.stringify(entry)} for "${name}": give a function, ${ignorable[channel.kind] ? '"ignore" ' : ""}or "deadLetter"`,
    );
  }
  const missing = Object.keys(channel.messages).filter((name) => !Object.hasOwn(handlers, name));
  if (missing.length > 0 && others === undefined) {
    throw invalid(
      owner,
      `has no handler for ${missing.map((name) => `"${name}"`).join(", ")}: add one${ignorable[channel.kind] ? ', or the option { others: "ignore" }' : ""}`,
    );
  }
}

function batchOf(owner: string, options: ErasedOptions) {
  return {
    max: wholeNumber(owner, "maxBatch", options.maxBatch ?? 100, 1, 1000),
    maxWaitMs: ms(owner, "maxWait", options.maxWait ?? "100ms"),
  };
}

function recoveryOf(owner: string, options: ErasedOptions): RecoveryPolicy {
  const { attempts = 7, immediate = 1, backoff = defaultBackoff, maxHold = "5m" } = options.retry ?? {};
  return {
    attempts: wholeNumber(owner, "retry.attempts", attempts, 1, 1000),
    immediate: wholeNumber(owner, "retry.immediate", immediate, 0, 3),
    backoff,
    maxHoldMs: ms(owner, "retry.maxHold", maxHold),
    versionPatienceMs: ms(owner, "versionPatience", options.versionPatience ?? "10m"),
  };
}

function idempotencyOf(owner: string, options: ErasedOptions): IdempotencySpec | undefined {
  if (!options.idempotent) return undefined;
  const { retention = "7d", lease = "1m", key } = options.idempotent === true ? {} : options.idempotent;
  const spec = {
    retentionMs: ms(owner, "idempotent.retention", retention),
    leaseMs: ms(owner, "idempotent.lease", lease),
    key,
  };
  if (spec.leaseMs < 1000) throw invalid(owner, `has idempotent.lease ${lease}: give at least 1s`);
  if (spec.retentionMs < spec.leaseMs) {
    throw invalid(
      owner,
      `keeps idempotency records for ${retention}, less than their lease of ${lease}: raise idempotent.retention`,
    );
  }
  return spec;
}

function startOf(start: "earliest" | "latest" | { readonly after: Date }): StartPosition {
  return typeof start === "string" ? start : { afterMs: start.after.getTime() };
}

/** A subscription asks for the types that it handles, so that unknown ones never reach it. */
function filterOf(
  channel: ChannelSpec,
  handlers: Record<string, HandlerEntry>,
  options: ErasedOptions,
): MessageFilter {
  const wanted = Object.entries(channel.messages).filter(
    ([name]) => (handlers[name] ?? options.others ?? "ignore") !== "ignore",
  );
  return {
    types: wanted.map(([, message]) => message["~message"].type),
    ...(options.where !== undefined ? { where: options.where } : {}),
    ...(options.keyBeginsWith !== undefined ? { keyBeginsWith: options.keyBeginsWith } : {}),
    ...(options.keyEndsWith !== undefined ? { keyEndsWith: options.keyEndsWith } : {}),
  };
}

function wholeNumber(owner: string, option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(
    owner,
    `has ${option} ${String(value)}: give a whole number from ${String(min)} to ${String(max)}`,
  );
}

function ms(owner: string, option: string, value: Duration): number {
  return durationMs(value, `${option} of ${owner}`);
}

function invalid(owner: string, text: string): WaybillError {
  return new WaybillError("invalidOption", `${owner} ${text}`);
}
