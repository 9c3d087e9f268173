/** What a failure means for the next step: the one input of every retry decision. */
export type ErrorClass =
  | "transient"
  | "throttled"
  | "ambiguous"
  | "lockLost"
  | "auth"
  | "config"
  | "permanent"
  | "poison"
  | "versionAhead"
  | "dependencyDown"
  | "cancelled"
  | "unknown";

/** What exactly failed. Explained one by one in `docs/errors.md`. */
export type ErrorCode = keyof typeof classOfCode;

/** Options for {@link WaybillError}. */
export interface WaybillErrorOptions {
  /** Overrides the class that the code usually has. */
  readonly class?: ErrorClass;
  readonly cause?: unknown;
  /** Milliseconds that the remote side asked to wait. */
  readonly retryAfterMs?: number;
}

/**
 * Every error that Waybill raises. `class` decides what happens next, `code` explains, `message` says what to
 * change, `cause` keeps the original.
 *
 * Compare `error.code`; with two copies of waybill in one process `instanceof` may not hold, {@link isWaybillError}
 * does.
 */
export class WaybillError extends Error {
  override readonly name = "WaybillError";
  readonly code: ErrorCode;
  readonly class: ErrorClass;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: WaybillErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.class = options.class ?? classOfCode[code];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether `error` is a {@link WaybillError}, also one of another copy of waybill. */
export const isWaybillError = (error: unknown): error is WaybillError =>
  error instanceof Error && error.name === "WaybillError" && "code" in error && "class" in error;

/** The codes, each with the class that it has unless the raiser knows better. */
const classOfCode = {
  // Declaring and starting: nothing but a change of the code helps
  invalidContract: "permanent",
  invalidOption: "permanent",
  duplicateHandler: "permanent",
  unsupported: "permanent",
  missingDependency: "permanent",
  // Addresses
  unknownChannel: "permanent",
  undeclaredChannel: "permanent",
  notFound: "config",
  alreadyExists: "config",
  disabled: "config",
  unauthorized: "auth",
  // Sending
  invalidMessage: "permanent",
  notSerialisable: "permanent",
  keyRequired: "permanent",
  tooLarge: "permanent",
  quotaExceeded: "throttled",
  busy: "throttled",
  ambiguousSend: "ambiguous",
  contextEnded: "permanent",
  // Receiving
  undecodable: "poison",
  unexpectedContentType: "poison",
  payloadMissing: "unknown",
  payloadMismatch: "poison",
  unknownMessageType: "poison",
  unknownVersion: "versionAhead",
  noUpcaster: "poison",
  upcastFailed: "poison",
  schemaInvalid: "poison",
  keyReused: "poison",
  // Handling and settling
  handlerFailed: "unknown",
  handlerTimeout: "transient",
  lockLost: "lockLost",
  fenced: "lockLost",
  settleFailed: "ambiguous",
  storeFailed: "dependencyDown",
  // Life cycle
  closed: "cancelled",
  cancelled: "cancelled",
  timeout: "transient",
  transportFailed: "transient",
  notQuiet: "permanent",
} as const satisfies Record<string, ErrorClass>;
