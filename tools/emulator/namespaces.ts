import { Namespace, type NamespaceOptions } from "./namespace.js";

/** The name of the namespace that is always there. */
export const defaultNamespace = "default";

/**
 * The virtual namespaces of one emulator.
 *
 * A client chooses one by the first label of the host that it names (`open.hostname`, or `Host` over HTTP):
 * `tenant-a.servicebus.windows.net`, reached through `customEndpointAddress`, is the namespace `tenant-a`. `localhost`,
 * addresses, and names that no namespace has, are the default one. None is made on use: a typing error would be another
 * namespace, empty, instead of an error.
 */
export class Namespaces {
  readonly default: Namespace;
  readonly #byName = new Map<string, Namespace>();

  /** @param names Of further namespaces. @throws {Error} for a name that no host can have, or that is there twice */
  constructor(options: NamespaceOptions, names: readonly string[] = []) {
    for (const name of names) checkName(name);
    this.default = new Namespace(defaultNamespace, options);
    this.#byName.set(defaultNamespace, this.default);
    for (const name of names) {
      const key = name.toLowerCase();
      if (this.#byName.has(key)) throw new Error(`the namespace "${name}" is there twice: give each a name`);
      this.#byName.set(key, new Namespace(name, options));
    }
  }

  /** The default one first. */
  all(): readonly Namespace[] {
    return [...this.#byName.values()];
  }

  named(name: string): Namespace | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  /** @param host What a client called us, with or without a port; undefined if it said nothing. */
  forHost(host: string | undefined): Namespace {
    const label = /^[^.:/[\]]*/.exec(host ?? "")?.[0].toLowerCase() ?? "";
    return this.#byName.get(label) ?? this.default;
  }

  close(): void {
    for (const namespace of this.all()) namespace.close();
  }
}

function checkName(name: string): void {
  if (/^[A-Za-z](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?$/.test(name) && !/^localhost$/i.test(name)) return;
  throw new Error(
    `"${name}" cannot be a namespace: use up to 50 letters, digits and hyphens, a letter first, but not "localhost"`,
  );
}
