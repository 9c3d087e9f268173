import { posix } from "node:path";
import { adapterPackages, roomOf, rooms } from "./rooms.js";

/**
 * @typedef {object} Import
 * @property {string} from Importing file, from the repository root, with forward slashes.
 * @property {string} specifier As written.
 * @property {"value" | "type" | "dynamic"} kind Static import, `import type`, or `import()`.
 */

/**
 * Judges one import by the rooms table: returns what is wrong and what to do instead, or `undefined` when it is allowed.
 * @param {Import} asked
 * @param {readonly string[]} entries Public entries as a user writes them: `waybill`, `waybill/contracts`, …
 * @returns {string | undefined}
 */
export function refuseImport(asked, entries) {
  const name = roomOf(asked.from);
  if (name === undefined) return undefined;
  const room = rooms[name];
  if (room === undefined) return unknownRoom(asked.from);
  if (asked.specifier.startsWith("node:")) return undefined;
  return asked.specifier.startsWith(".")
    ? refuseFile(asked, name, room)
    : refusePackage(asked, name, room, entries);
}

/**
 * Judges where a file lies: in a known room, and an index only where package.json has an entry.
 * @param {string} path
 * @param {RegExp} entryFolders
 * @returns {string | undefined}
 */
export function refusePlace(path, entryFolders) {
  const name = roomOf(path);
  if (name === undefined) return undefined;
  if (rooms[name] === undefined) return unknownRoom(path);
  const mayHaveIndex =
    name === "tools" || name.startsWith("example") || entryFolders.test(posix.dirname(path));
  if (posix.basename(path) === "index.ts" && !mayHaveIndex)
    return "an inner barrel hides who needs what: import the file that holds the thing";
  if (/^(utils?|helpers?|types|constants|common|misc)(\.|$)/.test(posix.basename(path)))
    return "a file is named after its one concept: what does this one hold?";
  return undefined;
}

/** @param {string} path */
function unknownRoom(path) {
  return `${path} is in no room: give the folder a row in lint/rooms.js, or put the file where it belongs`;
}

/**
 * @param {Import} asked
 * @param {string} name
 * @param {import("./rooms.js").Room} room
 */
function refuseFile({ from, specifier }, name, room) {
  const path = posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts");
  if (name.startsWith("example") && packageOf(path) !== packageOf(from))
    return `\`${packageOf(from)}\` may not import ${path} by path: ${room.because}; another package by its name`;
  const target = roomOf(path);
  if (target === undefined) return sentence(name, path, room);
  if (room.may.includes(target)) return undefined;
  const isEntry = path === `src/${target}/index.ts`;
  return isEntry && room.may.includes(`${target}-entry`) ? undefined : sentence(name, target, room);
}

/**
 * @param {string} name
 * @param {string} target
 * @param {import("./rooms.js").Room} room
 */
function sentence(name, target, room) {
  return `\`${name}\` may not import \`${target}\`: ${room.because}`;
}

/** @param {string} path */
function packageOf(path) {
  return /^examples\/[^/]+(\/contracts(?=\/))?/.exec(path)?.[0];
}

/**
 * @param {Import} asked
 * @param {string} name
 * @param {import("./rooms.js").Room} room
 * @param {readonly string[]} entries
 */
function refusePackage({ specifier, kind }, name, room, entries) {
  if (/^waybill(\/|$)/.test(specifier)) return refuseOwnName(specifier, name, room, entries);
  if (room.packages === "any") return undefined;
  if (room.packages === "none")
    return `\`${name}\` may not import the package ${specifier}: \`waybill\` has no dependency; take it as an argument`;
  const { types = [], peers = [] } = adapterPackages[name] ?? {};
  if (peers.includes(specifier) && kind !== "value") return undefined;
  if (types.includes(specifier) && kind === "type") return undefined;
  if (peers.includes(specifier))
    return `load the optional peer ${specifier} by \`await import()\` on first use`;
  if (types.includes(specifier))
    return `\`${name}\` may only \`import type\` from ${specifier}: the caller gives a factory for the client`;
  return `\`${name}\` may not import the package ${specifier}: list it in lint/rooms.js as SDK types or optional peer`;
}

/**
 * @param {string} specifier
 * @param {string} name
 * @param {import("./rooms.js").Room} room
 * @param {readonly string[]} entries
 */
function refuseOwnName(specifier, name, room, entries) {
  if (room.packages !== "any")
    return `inside the package, import by relative path: ${specifier} would be a second copy`;
  if (!entries.includes(specifier))
    return `${specifier} is not a public entry: import one of ${entries.join(", ")}`;
  if (specifier === "waybill/testing" && name === "example")
    return `nothing imports \`waybill/testing\` but tests: move this to a test folder`;
  return undefined;
}
