import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One subpath export of package.json and the source that it is built from. */
export interface Entry {
  /** As a user imports it: `waybill/contracts`. */
  readonly specifier: string;
  /** File name in dist/ without extension: `contracts`. */
  readonly name: string;
  /** Absolute path of the source. */
  readonly source: string;
}

/** The repository's folder. tsup bundles its configuration, this file included, into a file at the root itself. */
export const root = existsSync(join(import.meta.dirname, "package.json"))
  ? import.meta.dirname
  : join(import.meta.dirname, "..");

/** The public entries in the order of package.json. An adapter's source lies in adapters/, every other one in src/. */
export function publicEntries(): readonly Entry[] {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: object };
  return Object.keys(exports)
    .filter((key) => key !== "./package.json")
    .map((key) => toEntry(key.slice(2)));
}

function toEntry(subpath: string): Entry {
  if (subpath === "") return { specifier: "waybill", name: "index", source: join(root, "src/index.ts") };
  const room = existsSync(join(root, "adapters", subpath)) ? "adapters" : "src";
  return { specifier: `waybill/${subpath}`, name: subpath, source: join(root, room, subpath, "index.ts") };
}
