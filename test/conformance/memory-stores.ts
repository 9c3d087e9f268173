import { memoryDatabase, memoryIdempotency, memoryInbox, memoryOutbox } from "../../adapters/memory/index.js";
import type { MemoryTransaction } from "../../adapters/memory/index.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import type { StoreAdapter } from "../../src/testing/conformance/store-harness.js";

/** The in-memory stores under a virtual clock. */
export const memoryStores: StoreAdapter = {
  name: "memory",
  offers: ["idempotency", "inbox", "outbox"],
  open: () => {
    const runtime = virtualRuntime();
    const idempotency = memoryIdempotency({ runtime });
    const database = memoryDatabase({ runtime });
    const inbox = memoryInbox(database);
    return {
      runtime,
      idempotency: () => idempotency,
      inbox: () => ({
        inbox,
        write: (tx, key, value) => {
          (tx as MemoryTransaction).set(key, value);
        },
        read: (key) => database.get(key) as string | undefined,
      }),
      outbox: () => memoryOutbox(database),
    };
  },
};
