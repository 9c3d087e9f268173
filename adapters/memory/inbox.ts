import type { Inbox, InboxRequest, OutboxMessage } from "../../src/store/index.js";
import {
  begin,
  tablesOf,
  type MemoryDatabase,
  type MemoryTransaction,
  type OutboxRow,
  type Tables,
} from "./database.js";

/**
 * An inbox in this process (tier T2): claim, effect and outgoing messages are committed together or not at all.
 *
 * For tests and demos. Two runs of one message wait for each other, as at a row lock; two transactions that touch the
 * same value do not: the later commit fails and is run again.
 */
export function memoryInbox(database: MemoryDatabase): Inbox<MemoryTransaction> {
  const tables = tablesOf(database);
  return {
    name: "memory",
    run: (request, work) =>
      locked(tables, idOf(request), async () => {
        purge(tables);
        const known = tables.inbox.get(idOf(request));
        if (known !== undefined) {
          if (known.fingerprint !== request.fingerprint)
            return { kind: "conflict", storedFingerprint: known.fingerprint };
          return {
            kind: "duplicate",
            unsent: known.rows.filter(({ sent }) => !sent).map(({ message }) => message),
          };
        }
        const { tx, commit } = begin(tables);
        const messages = await work(tx);
        commit();
        store(tables, request, messages);
        return { kind: "committed" };
      }),
    confirmSent: async (request) => {
      for (const row of tables.inbox.get(idOf(request))?.rows ?? []) row.sent = true;
      removeSent(tables);
    },
  };
}

/** Scope and key told apart by length, so that `a|bc` is not `ab|c`. */
const idOf = ({ scope, key }: Pick<InboxRequest, "scope" | "key">): string =>
  `${String(scope.length)}:${scope}${key}`;

function store(tables: Tables, request: InboxRequest, messages: readonly OutboxMessage[]): void {
  const rows = messages.map((message): OutboxRow => {
    tables.lastSequence += 1;
    return {
      message,
      sequence: tables.lastSequence,
      sent: false,
      token: 0,
      owner: "",
      leaseUntilMs: -Infinity,
    };
  });
  const expiresAtMs = tables.runtime.elapsed() + request.retentionMs;
  tables.inbox.set(idOf(request), { fingerprint: request.fingerprint, rows, expiresAtMs });
  tables.outbox.push(...rows);
}

/** Drops records whose retention is over, but none with a message that nobody has sent. */
function purge({ inbox, runtime }: Tables): void {
  const nowMs = runtime.elapsed();
  for (const [id, { rows, expiresAtMs }] of inbox)
    if (expiresAtMs <= nowMs && rows.every(({ sent }) => sent)) inbox.delete(id);
}

/** Forgets sent rows; the records of their messages know them still. */
export function removeSent({ outbox }: Tables): void {
  const left = outbox.filter(({ sent }) => !sent);
  outbox.splice(0, outbox.length, ...left);
}

/** Runs one after the other what locks the same row. */
async function locked<T>({ locks }: Tables, id: string, run: () => Promise<T>): Promise<T> {
  const before = locks.get(id) ?? Promise.resolve();
  const mine = before.then(run, run);
  locks.set(id, mine);
  try {
    return await mine;
  } finally {
    if (locks.get(id) === mine) locks.delete(id);
  }
}
