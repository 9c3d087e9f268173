import { readFileSync } from "node:fs";
import { parse, printParseErrorCode, type ParseError } from "jsonc-parser";
import { ConfigError } from "./config-error.js";
import type { Declaration } from "./declaration.js";
import { readEventHubsNamespaces } from "./event-hubs-config.js";
import { JsonNode, type Warn } from "./json-node.js";
import { readServiceBusNamespaces } from "./service-bus-config.js";

/** A Config.json of Microsoft's emulators: its path, or what it says. */
export type ConfigSource = string | object;

/**
 * Reads the Config.json of Microsoft's Service Bus emulator, of its Event Hubs emulator, or of both in one file, as they
 * are: with comments and trailing commas, keys in any letter case. Unknown keys are warned of.
 *
 * @throws {ConfigError} for a file that cannot be read, and for wrong values, naming the JSON path and what to write
 */
export function readConfig(source: ConfigSource, warn: Warn): readonly Declaration[] {
  const name = typeof source === "string" ? source : "config";
  const root = new JsonNode(typeof source === "string" ? readJson(source) : source, `${name} $`);
  const userConfig = root.object("UserConfig");
  if (userConfig === undefined) throw notConfig(root.path, "");
  if (!userConfig.has("Namespaces") && !userConfig.has("NamespaceConfig")) {
    throw notConfig(root.path, ".UserConfig");
  }
  // How the other emulators log is not for us to say.
  userConfig.ignore("Logging", "LoggingConfig");
  root.ignore("$schema");
  const declarations = [
    ...readServiceBusNamespaces(userConfig, warn),
    ...readEventHubsNamespaces(userConfig, warn),
  ];
  userConfig.warnOfRest(warn);
  root.warnOfRest(warn);
  return declarations;
}

const notConfig = (path: string, where: string): ConfigError =>
  new ConfigError(
    `${path}${where}`,
    'has no entities: write "UserConfig" with "Namespaces" (Service Bus) or "NamespaceConfig" (Event Hubs)',
  );

function readJson(path: string): unknown {
  const text = readText(path);
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return value;
  const before = text.slice(0, first.offset).split("\n");
  const place = `${path}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
  throw new ConfigError(place, `is not JSON: ${printParseErrorCode(first.error)}`);
}

function readText(path: string): string {
  try {
    // A file that an editor of Windows wrote may begin with a byte order mark.
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new ConfigError(path, `cannot be read (${code}): give the path of a Config.json`);
  }
}
