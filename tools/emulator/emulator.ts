import type { Endpoints } from "./connection-strings.js";
import type { Faults } from "./faults/faults.js";
import type { Namespace } from "./namespace.js";
import type { RecordedEvent, RecordedFilter, Recorder } from "./recorder.js";
import type { EmulatorSnapshot } from "./snapshot.js";

/** A running emulator. */
export interface Emulator extends Endpoints, AsyncDisposable {
  /** The emulator's time, in milliseconds since 1970: the machine's, moved ahead by `advance`. */
  now(): number;
  /**
   * Moves time ahead by milliseconds or by a text such as `"10m"`. Locks, times to live and schedules that end on the way
   * have ended when this returns; locks that clients hold are that much older.
   * @throws {RangeError}
   */
  advance(duration: string | number): void;
  /**
   * Lets every token that clients have shown expire now, whatever they say: links that need one are detached, as by the
   * service. New ones are as good as ever. Without `auth` no token is looked at, and nothing happens.
   */
  expireTokens(): void;
  /**
   * Back to the start: the entities of configurations and contracts without messages, the machine's time, no faults, an
   * empty record. Clients are disconnected (`amqp:connection:forced`), and reconnect by themselves.
   */
  reset(): Promise<void>;
  /** All entities and what they hold, as data that JSON can hold. Locks and connections are not part of it. */
  snapshot(): EmulatorSnapshot;
  /**
   * Makes everything what it was, time included. What was locked is available again, and that delivery is not counted.
   * Clients are disconnected, as by `reset`.
   * @throws {TypeError} if it is no snapshot of this version; then nothing has changed
   */
  restore(snapshot: EmulatorSnapshot): Promise<void>;
  /** Breaks connections, links and frames on purpose. @throws {Error} with `observe: false` */
  readonly faults: Faults;
  /** What AMQP clients did. Empty with `observe: false`. */
  readonly recorder: Recorder;
  /** Short for `recorder.recorded`. */
  recorded(filter?: RecordedFilter): readonly RecordedEvent[];
  /**
   * The engines of a virtual namespace, for tests that look at or change what is in it. Default: the default one.
   * @throws {Error} if there is none of that name
   */
  namespace(name?: string): Namespace;
  /** Stops listening and says goodbye to all clients. Always ends, within about a second. */
  close(): Promise<void>;
}
