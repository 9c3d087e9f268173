import type { App } from "./app.js";
import type { AnyService, DepsOf, NeedsOf, SendsOf } from "./service.js";
import type { ClaimCheckOptions } from "./claim-check/options.js";
import type { ChannelSpec } from "./contracts/channel.js";
import type { EventListener } from "./policy/app-event.js";
import { realRuntime } from "./runtime/runtime.js";
import { start } from "./start.js";
import type { IdempotencyStore } from "./store/idempotency-store.js";
import type { SupervisionOptions } from "./supervise/times.js";
import type { Supports, TransportChoice } from "./transport-choice.js";

/** Options of {@link run}. */
export type RunOptions<S extends AnyService, T extends TransportChoice> = SharedOptions &
  DepsOption<DepsOf<S>> & {
    /** One transport, one per kind of channel (`{ queues, topics, streams, notifications }`), or a function of the channel. */
    readonly transport: T;
    /** Where handled messages are remembered. Needed if a consumer is `idempotent`. */
    readonly idempotency?: IdempotencyStore;
    /** Where data that is too large for a message is kept, and files. Default: it is refused as `tooLarge`. */
    readonly claimCheck?: ClaimCheckOptions;
  };

/** Options that do not depend on the service. */
export interface SharedOptions {
  /** The name of a channel's entity in this environment. Default: the channel's name. */
  readonly address?: (channel: ChannelSpec) => string;
  /** Told everything that happens, in order. */
  readonly on?: EventListener;
  /** How it looks after its consumers; always on. */
  readonly supervision?: SupervisionOptions;
}

/** `deps`, if the service needs any. */
export type DepsOption<D> = Record<never, never> extends D ? { readonly deps?: D } : { readonly deps: D };

/**
 * Runs a service: connects, and starts to read what it handles. Resolves when everything is accepted.
 *
 * Installs no signal handlers: call `app.stop()` from your own.
 * @throws {WaybillError} before any I/O: `unsupported` if a transport lacks what a channel needs, `missingDependency`
 * without an idempotency store where one is needed; then whatever the transport says, with nothing left open.
 */
export async function run<S extends AnyService, T extends TransportChoice>(
  service: S,
  options: RunOptions<S, T> & Supports<T, NeedsOf<S>>,
): Promise<App<SendsOf<S>>> {
  return start(service["~service"], options, realRuntime());
}
