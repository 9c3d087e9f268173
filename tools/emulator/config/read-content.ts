import { defaultNamespace, type Namespaces } from "../namespaces.js";
import type { EmulatorOptions, NamespaceContent } from "../options.js";
import { readContracts } from "./contracts.js";
import { applyDeclarations, type Declaration, type TopicKeys } from "./declaration.js";
import type { Warn } from "./json-node.js";
import { readConfig } from "./read-config.js";

/** What each namespace begins with, and begins with again after a reset. */
export class DeclaredContent {
  readonly #byNamespace: ReadonlyMap<string, readonly Declaration[]>;

  constructor(byNamespace: ReadonlyMap<string, readonly Declaration[]>) {
    this.#byNamespace = byNamespace;
  }

  /** Makes everything that is declared. @throws {ConfigError} */
  applyTo(namespaces: Namespaces, keys: TopicKeys): void {
    for (const namespace of namespaces.all()) {
      applyDeclarations(namespace, this.#byNamespace.get(namespace.name) ?? [], keys);
    }
  }
}

/** Reads all configurations and contracts that the options name. @throws {ConfigError} */
export async function readContent(options: EmulatorOptions, warn: Warn): Promise<DeclaredContent> {
  const contents: readonly (readonly [string, NamespaceContent])[] = [
    [defaultNamespace, options],
    ...Object.entries(options.namespaces ?? {}),
  ];
  const read = contents.map(async ([name, content]) => [name, await readOne(content, warn)] as const);
  return new DeclaredContent(new Map(await Promise.all(read)));
}

async function readOne(
  { configs = [], contracts = [] }: NamespaceContent,
  warn: Warn,
): Promise<Declaration[]> {
  const configured = configs.flatMap((config) => readConfig(config, warn));
  const contracted = await Promise.all(contracts.map((each) => readContracts(each)));
  return [...configured, ...contracted.flat()];
}
