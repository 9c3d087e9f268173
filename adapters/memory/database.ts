import { realRuntime, WaybillError, type OutboxMessage, type Runtime } from "../../src/store/index.js";

/** Options for {@link memoryDatabase}. */
export interface MemoryDatabaseOptions {
  /** Whose clock leases and retention go by. Default: the real one. */
  readonly runtime?: Runtime;
}

/** A database in this process: values by key, and what an inbox and an outbox keep beside them. */
export interface MemoryDatabase {
  /** A committed value. */
  get(key: string): unknown;
}

/**
 * What a handler writes its effect with: nothing of it is seen by others before the commit, all of it afterwards.
 *
 * It reads what it wrote itself, and otherwise what was committed when it first looked.
 */
export interface MemoryTransaction {
  get(key: string): unknown;
  /** `undefined` removes. */
  set(key: string, value: unknown): void;
}

/** A message that waits to be sent. */
export interface OutboxRow {
  readonly message: OutboxMessage;
  readonly sequence: number;
  sent: boolean;
  token: number;
  owner: string;
  leaseUntilMs: number;
}

/** What is remembered of a handled message. */
export interface InboxRecord {
  readonly fingerprint: string;
  readonly rows: readonly OutboxRow[];
  readonly expiresAtMs: number;
}

/** What a database holds. */
export interface Tables {
  readonly runtime: Runtime;
  readonly values: Map<string, { readonly value: unknown; readonly version: number }>;
  readonly inbox: Map<string, InboxRecord>;
  /** In the order of the commits; without those that are sent. */
  readonly outbox: OutboxRow[];
  /** Ends of the transactions that run, by the row that they lock. */
  readonly locks: Map<string, Promise<unknown>>;
  lastSequence: number;
  lastToken: number;
}

/** Makes an empty database for {@link memoryInbox} and {@link memoryOutbox}. Nothing outlives the process. */
export function memoryDatabase(options: MemoryDatabaseOptions = {}): MemoryDatabase {
  const tables: Tables = {
    runtime: options.runtime ?? realRuntime(),
    values: new Map(),
    inbox: new Map(),
    outbox: [],
    locks: new Map(),
    lastSequence: 0,
    lastToken: 0,
  };
  const database: MemoryDatabase = Object.freeze({ get: (key: string) => tables.values.get(key)?.value });
  allTables.set(database, tables);
  return database;
}

const allTables = new WeakMap<MemoryDatabase, Tables>();

/** What is behind a database. */
export function tablesOf(database: MemoryDatabase): Tables {
  const tables = allTables.get(database);
  if (tables === undefined) throw new TypeError("give a database that memoryDatabase() made");
  return tables;
}

/** A transaction, and what commits its writes. A transaction that is not committed has never been. */
export function begin({ values }: Tables): { readonly tx: MemoryTransaction; commit(): void } {
  const seen = new Map<string, number>();
  const writes = new Map<string, unknown>();
  const look = (key: string): unknown => {
    const found = values.get(key);
    if (!seen.has(key)) seen.set(key, found?.version ?? 0);
    return found?.value;
  };
  return {
    tx: {
      get: (key) => (writes.has(key) ? writes.get(key) : look(key)),
      set: (key, value) => {
        look(key);
        writes.set(key, value);
      },
    },
    commit: () => {
      for (const [key, version] of seen) {
        if ((values.get(key)?.version ?? 0) !== version)
          throw new WaybillError("storeFailed", `another transaction changed "${key}": run this one again`);
      }
      for (const [key, value] of writes) values.set(key, { value, version: (seen.get(key) ?? 0) + 1 });
    },
  };
}
