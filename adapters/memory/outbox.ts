import type { OutboxStore } from "../../src/store/index.js";
import { tablesOf, type MemoryDatabase, type OutboxRow, type Tables } from "./database.js";
import { removeSent } from "./inbox.js";

/**
 * The outbox of a database in this process: what {@link memoryInbox} committed and nobody has sent yet.
 *
 * A lease keeps other relays away until it ends; of one key only the oldest message is given, so that order holds.
 */
export function memoryOutbox(database: MemoryDatabase): OutboxStore {
  const tables = tablesOf(database);
  return {
    name: "memory",
    lease: async ({ max, leaseMs, owner }) => {
      const untilMs = tables.runtime.elapsed() + leaseMs;
      return free(tables)
        .slice(0, max)
        .map((row) => {
          tables.lastToken += 1;
          Object.assign(row, { token: tables.lastToken, owner, leaseUntilMs: untilMs });
          const { message, sequence, token } = row;
          return { message, sequence, key: message.key, token };
        });
    },
    markSent: async ({ sequence, token }, owner) => {
      const row = rowsOf(tables).find((each) => each.sequence === sequence);
      if (row?.token !== token || row.owner !== owner) return "stale";
      row.sent = true;
      removeSent(tables);
      return "ok";
    },
  };
}

/** Rows that no relay holds; of each key at most the first one that is not sent. */
function free({ outbox, runtime }: Tables): readonly OutboxRow[] {
  const nowMs = runtime.elapsed();
  const keys = new Set<string>();
  return outbox.filter(({ message: { key }, leaseUntilMs }) => {
    if (key !== undefined && keys.has(key)) return false;
    if (key !== undefined) keys.add(key);
    return leaseUntilMs <= nowMs;
  });
}

/** Every row that is remembered, so that a relay which marks twice hears the same twice. */
const rowsOf = ({ inbox }: Tables): readonly OutboxRow[] => [...inbox.values()].flatMap(({ rows }) => rows);
