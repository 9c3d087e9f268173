/**
 * Who may import whom. The whole table: a room that is not here does not exist, and there are no exceptions.
 *
 * `may` lists rooms; `because` is said to whoever breaks the rule, so it teaches instead of forbidding.
 *
 * @typedef {object} Room
 * @property {readonly string[]} may Rooms whose files this room may import by relative path.
 * @property {string} because What to do instead.
 * @property {"none" | "listed" | "any"} packages Npm packages: none; those of `adapterPackages`; any.
 */

const base = ["errors", "runtime"];
const contracts = [...base, "message", "contracts"];
const policy = [...contracts, "store", "transport", "policy"];
const claimCheck = [...contracts, "store", "transport", "claim-check"];
const walks = [...policy, "claim-check", "produce", "consume"];
const front = [...walks, "supervise", "front"];
const core = [...front, "hosts", "index"];
const publicEntries = ["transport-entry", "store-entry"];

/** @type {Readonly<Record<string, Room>>} */
export const rooms = {
  errors: room([], "errors stand below everything: they import nothing"),
  runtime: room(base, "the runtime ports know nothing of messages; pass plain values in"),
  message: room(
    [...base, "message"],
    "envelopes are pure data; what needs a channel belongs in `contracts` or above",
  ),
  contracts: room(
    contracts,
    "a contract package must load without the core; move shared data down to `message`",
  ),
  store: room(
    [...contracts, "store"],
    "stores are interfaces only; put what both need in `message` or `contracts`",
  ),
  transport: room(
    [...contracts, "transport"],
    "the seam under the adapters stays thin; decisions live in `policy`",
  ),
  "claim-check": room(
    claimCheck,
    "the claim check takes bytes to a store and back; what it means to a message is decided in the walks",
  ),
  policy: room(policy, "a policy is a pure decision; the walks call it, it never calls them"),
  produce: room(
    [...policy, "claim-check", "produce"],
    "the two walks meet only in run.ts; put what both need in `policy` or below",
  ),
  consume: room(
    [...policy, "claim-check", "consume"],
    "the two walks meet only in run.ts; put what both need in `policy` or below",
  ),
  supervise: room(
    [...walks, "supervise"],
    "supervision watches the walks and is started by run.ts, never the reverse",
  ),
  front: room(
    front,
    "service.ts, run.ts and their neighbours stand on the walks; hosts and index.ts stand on them",
  ),
  hosts: room(
    [...front, "hosts"],
    "a host mounts what run() returns; nothing in src/ but index.ts knows hosts",
  ),
  index: room(
    core,
    "index.ts only names what applications import; tests import `waybill/testing` themselves",
  ),
  testing: room(
    [...core, "testing", "memory", "broker"],
    "`testing` sees all of src/ and the memory adapter, no other",
  ),
  broker: room(["broker"], "the broker is a self-contained engine: hand it plain values through its door"),
  memory: adapter("memory", ["broker"]),
  "service-bus": adapter("service-bus"),
  "event-hubs": adapter("event-hubs"),
  "event-grid": adapter("event-grid"),
  "storage-queue": adapter("storage-queue"),
  redis: adapter("redis"),
  postgres: adapter("postgres"),
  blob: adapter("blob"),
  "file-system": adapter("file-system"),
  tools: {
    may: ["tools", "broker"],
    because:
      "tools use the public entries (`waybill/…`) like everybody, and bundle adapters/memory/broker alone",
    packages: "any",
  },
  example: example("an example shows what a user can do: it imports `waybill/…` entries and its own files"),
  "example-test": example("the tests of an example import `waybill/testing` and the example's own files"),
};

/**
 * Npm packages that an adapter may name: types of its SDK, and peers that it loads by `await import()` on first use.
 * @type {Readonly<Record<string, { readonly types: readonly string[], readonly peers: readonly string[] }>>}
 */
export const adapterPackages = {
  "service-bus": { types: ["@azure/service-bus"], peers: [] },
  "event-hubs": { types: ["@azure/event-hubs"], peers: [] },
  "event-grid": { types: ["@azure/eventgrid", "@azure/eventgrid-namespaces"], peers: ["jose"] },
  "storage-queue": { types: ["@azure/storage-queue"], peers: [] },
  redis: { types: ["redis", "ioredis"], peers: [] },
  postgres: { types: ["pg"], peers: [] },
  blob: { types: ["@azure/storage-blob"], peers: [] },
};

/** Folders that may hold an index.ts: the entries of package.json. Any other index is an inner barrel. */
export const entryFolders = /^(src|src\/(contracts|transport|store|testing)|adapters\/[^/]+)$/;

/**
 * Returns the room of a file, by its path from the repository root; `undefined` where imports are free (tests, benches,
 * configuration), and `"?"` for a file of ours that is in no room.
 * @param {string} path
 * @returns {string | undefined}
 */
export function roomOf(path) {
  const [top = "", second = "", third = ""] = path.split("/");
  if (top === "tools") return "tools";
  if (top === "examples") return /(^|\/)test\/|\.test\.ts$/.test(path) ? "example-test" : "example";
  if (top === "adapters") return second === "memory" && third === "broker" ? "broker" : known(second);
  if (top !== "src") return undefined;
  if (third === "") return topLevel[second] ?? "front";
  return second === "errors" || second === "index" || second === "front" ? "?" : known(second);
}

/** @type {Readonly<Record<string, string>>} */
const topLevel = { "errors.ts": "errors", "index.ts": "index" };

/** @param {string} name */
function known(name) {
  return Object.hasOwn(rooms, name) ? name : "?";
}

/**
 * @param {readonly string[]} may
 * @param {string} because
 * @returns {Room}
 */
function room(may, because) {
  return { may, because, packages: "none" };
}

/**
 * @param {string} name
 * @param {readonly string[]} more
 * @returns {Room}
 */
function adapter(name, more = []) {
  return {
    may: [name, ...more, ...publicEntries],
    because:
      "an adapter stands on src/transport/index.js and src/store/index.js alone, never on another adapter",
    packages: "listed",
  };
}

/**
 * @param {string} because
 * @returns {Room}
 */
function example(because) {
  return { may: ["example", "example-test"], because, packages: "any" };
}
