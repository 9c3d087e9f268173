import type { EngineLimits } from "./amqp/engine/engine.js";
import type { ConfigSource } from "./config/read-config.js";
import type { MachineClock } from "./clock.js";
import type { ContractSource } from "./config/contracts.js";
import type { HttpLimits } from "./http/limits.js";
import type { AccessRule } from "./security/access-rule.js";
import type { AuthSettings } from "./security/auth-settings.js";

/** Options of `startEmulator`. */
export interface EmulatorOptions {
  /** Default `127.0.0.1`: this machine alone. Any other address lets others in, which is warned of. */
  readonly host?: string;
  /** AMQP 1.0, plain and over WebSockets, for Service Bus and Event Hubs. 0 takes a free port. Default 5672. */
  readonly port?: number;
  /** Administration, Event Grid and `/health`. 0 takes a free port. Default 5300. */
  readonly httpPort?: number;
  /** Config.json files of Microsoft's emulators, as paths or as what they say; all become one namespace. Default none. */
  readonly configs?: readonly ConfigSource[];
  /** Contract modules, as paths or as what they export; their channels are made in the same namespace. Default none. */
  readonly contracts?: readonly ContractSource[];
  /** Further virtual namespaces, by name: see `Namespaces`. Default none. */
  readonly namespaces?: Readonly<Record<string, NamespaceContent>>;
  /**
   * Makes what a client attaches to and is not there: a queue for a sender's or receiver's name, a topic with the
   * subscription for a subscription's address, a hub for an Event Hubs client. Default false: that is an error.
   */
  readonly createOnUse?: boolean;
  /**
   * Checks signatures, expiry and rights. Default: off on a loopback address; on elsewhere, with a key that is made at
   * random and is in the connection strings.
   */
  readonly auth?: boolean | AuthOptions;
  /** Serves TLS on the same ports. PEM. Default: plain only. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  /**
   * What the emulator takes for the machine's clock: its time to begin with, and its timers. Tokens are checked by the real
   * one. Default: the real one.
   */
  readonly clock?: MachineClock;
  /** Decides the size limits of Service Bus. Default `standard`. */
  readonly tier?: "standard" | "premium";
  /** What the emulator endures of its clients. */
  readonly limits?: { readonly amqp?: Partial<EngineLimits>; readonly http?: Partial<HttpLimits> };
  /**
   * Whether clients are recorded and faults can be injected. Default true; without it a message costs a little less.
   */
  readonly observe?: boolean;
  /** How many of the latest events the recorder keeps. Default 10,000. */
  readonly recordedEvents?: number;
  /** Hears of what is probably not meant, in a sentence. Default: standard error. */
  readonly onWarning?: (text: string) => void;
}

/** What a further namespace begins with. */
export interface NamespaceContent {
  readonly configs?: readonly ConfigSource[];
  readonly contracts?: readonly ContractSource[];
}

export interface AuthOptions {
  /** Key of `RootManageSharedAccessKey`, which is in the connection strings. Default as for `true`. */
  readonly key?: string;
  /** Further rules. */
  readonly rules?: readonly AccessRule[];
  /** Checks tokens of Microsoft Entra. Default: all are refused. */
  readonly validateJwt?: NonNullable<AuthSettings["validateJwt"]>;
}

/** Whether only this machine can connect to the address. */
export const isLoopback = (host: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
