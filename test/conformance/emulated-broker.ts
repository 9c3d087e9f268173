import type { Runtime } from "../../src/runtime/runtime.js";
import { startEmulator } from "../../tools/emulator/start-emulator.js";
import type { Emulator } from "../../tools/emulator/emulator.js";
import type { EmulatorOptions } from "../../tools/emulator/options.js";
import type { EmulatorSnapshot } from "../../tools/emulator/snapshot.js";
import type { AccessRule } from "../../tools/emulator/security/access-rule.js";

/** The identities that may do less than everything. */
export const sendRule: AccessRule = { name: "send", key: "the-key-of-send", rights: ["Send"] };
export const listenRule: AccessRule = { name: "listen", key: "the-key-of-listen", rights: ["Listen"] };

/** An emulator that lives on a runtime's clock, asks for tokens, and can be away for a while. */
export class EmulatedBroker {
  readonly #runtime: Runtime;
  #emulator: Emulator;
  #stored: EmulatorSnapshot | undefined;

  private constructor(runtime: Runtime, emulator: Emulator) {
    this.#runtime = runtime;
    this.#emulator = emulator;
  }

  static async start(runtime: Runtime): Promise<EmulatedBroker> {
    return new EmulatedBroker(runtime, await startEmulator(optionsOf(runtime, { port: 0, httpPort: 0 })));
  }

  get emulator(): Emulator {
    return this.#emulator;
  }

  /** For clients of Service Bus and Event Hubs, by the root rule unless another is given. */
  connectionString(rule?: AccessRule): string {
    const { connectionString } = this.#emulator.serviceBus;
    if (rule === undefined) return connectionString;
    const [endpoint = ""] = connectionString.split(";");
    return `${endpoint};SharedAccessKeyName=${rule.name};SharedAccessKey=${rule.key};UseDevelopmentEmulator=true`;
  }

  /** Stops: connections end, new ones are refused. */
  async outage(): Promise<void> {
    this.#stored = this.#emulator.snapshot();
    await this.#emulator.close();
  }

  /** Starts again on the same ports, with what was stored. */
  async restore(): Promise<void> {
    const { amqpPort: port, httpPort } = this.#emulator;
    this.#emulator = await startEmulator(optionsOf(this.#runtime, { port, httpPort }));
    if (this.#stored !== undefined)
      await this.#emulator.restore({ ...this.#stored, takenAtMs: this.#runtime.now() });
    this.#stored = undefined;
  }

  async restart(): Promise<void> {
    await this.outage();
    await this.restore();
  }

  async close(): Promise<void> {
    if (this.#stored === undefined) await this.#emulator.close();
  }
}

const optionsOf = (runtime: Runtime, ports: EmulatorOptions): EmulatorOptions => ({
  ...ports,
  clock: runtime,
  auth: { rules: [sendRule, listenRule] },
  // Nobody looks at a record here, and it costs as much as a message does.
  observe: false,
});
