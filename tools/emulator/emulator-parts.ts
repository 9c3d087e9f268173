import { EmulatorClock } from "./clock.js";
import type { DeclaredContent } from "./config/read-content.js";
import { credentialsOf, type Credentials } from "./credentials.js";
import { createDelivery } from "./http/event-grid/deliver.js";
import { validationUrl } from "./http/event-grid/management-routes.js";
import { Namespaces } from "./namespaces.js";
import { ShownTokens } from "./security/shown-tokens.js";
import { observing, unobserved, type Observation } from "./observation.js";
import { OpenConnections } from "./open-connections.js";
import type { EmulatorOptions } from "./options.js";

const defaultRecordedEvents = 10_000;

/** What an emulator is made of, apart from its listeners. */
export class EmulatorParts {
  readonly clock: EmulatorClock;
  readonly tokens = new ShownTokens();
  readonly connections = new OpenConnections();
  readonly namespaces: Namespaces;
  readonly credentials: Credentials;
  readonly observation: Observation;
  /** Where Event Grid's endpoints find us. Known when HTTP listens. */
  origin = "";
  readonly #content: DeclaredContent;
  readonly #closing: (() => Promise<void> | void)[] = [];
  #closed: Promise<void> | undefined;

  constructor(options: EmulatorOptions, content: DeclaredContent) {
    const { tier, observe = true, recordedEvents = defaultRecordedEvents, namespaces = {} } = options;
    this.#content = content;
    this.clock = new EmulatorClock(options.clock);
    this.credentials = credentialsOf(options);
    const delivery = createDelivery();
    this.onClose(() => delivery.close());
    const names = Object.keys(namespaces);
    this.namespaces = new Namespaces(
      {
        clock: this.clock,
        tier,
        deliver: delivery.deliver,
        validationUrl: (namespace, code) => validationUrl(this.origin, namespace, code),
      },
      names,
    );
    this.onClose(() => this.namespaces.close());
    this.observation = observe
      ? observing(this.clock, recordedEvents, () => this.connections.all())
      : unobserved(this.clock);
  }

  /** Of Event Grid topics. */
  get topicKeys(): readonly string[] {
    return this.credentials.auth === undefined ? [] : [this.credentials.eventGridKey];
  }

  /** Makes the entities of configurations and contracts. @throws {ConfigError} */
  declare(): void {
    this.#content.applyTo(this.namespaces, this.topicKeys);
  }

  /** What is wrong, in a sentence each. */
  problems(): readonly string[] {
    if (this.#closed !== undefined) return ["The emulator is shutting down."];
    for (const namespace of this.namespaces.all()) namespace.enter(() => undefined);
    return [];
  }

  /** What is done at the end, the last first. */
  onClose(work: () => Promise<void> | void): void {
    this.#closing.unshift(work);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // All of them, whatever one of them throws; listeners do not wait for each other.
    const results = await Promise.allSettled(this.#closing.map(async (work) => work()));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}
