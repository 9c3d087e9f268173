import type { IdempotencyStore } from "../../store/idempotency-store.js";
import { same } from "./check.js";
import type { StoreKit } from "./store-kit.js";

/** Two copies of one message at the same time in one process: one runs, the other joins or waits. */
export async function sameMessageAtOnce(kit: StoreKit): Promise<void> {
  const services = kit.services();
  const conduit = services.conduit();
  let runs = 0;
  const worker = await services.work({
    reads: conduit,
    sends: [conduit],
    handler: async (_message, context) => {
      runs += 1;
      await context.sleep("1s");
    },
    options: { idempotent: { retention: "1h" } },
    idempotency: kit.idempotency(),
  });
  const id = kit.key("twin");
  await Promise.all([worker.send(conduit, { n: 1 }, { id }), worker.send(conduit, { n: 1 }, { id })]);
  await kit.time.until(
    () => worker.events.some(({ event }) => event === "duplicate"),
    "the second copy is recognised",
    120_000,
  );
  same(runs, 1, "handler runs of two copies that came at once");
}

/** The store fails while a message is completed: the handler is not run again. */
export async function completionThatFails(kit: StoreKit, when: "before" | "after"): Promise<void> {
  const services = kit.services();
  const conduit = services.conduit();
  let runs = 0;
  const worker = await services.work({
    name: `worker-${when}`,
    reads: conduit,
    sends: [conduit],
    handler: () => void (runs += 1),
    options: { idempotent: { retention: "1h" } },
    idempotency: failing(kit.idempotency(), { complete: when }),
  });
  await worker.send(conduit, { n: 1 });
  const done = () => worker.events.some(({ event }) => event === "duplicate" || event === "handled");
  await kit.time.until(done, "the message ends although its completion failed once", 180_000);
  await kit.time.settle();
  same(runs, 1, `handler runs when the store failed ${when} the completion`);
}

/** The answer to an extension is lost: it counts as not extended, is asked for again, and nobody steals the claim. */
export async function extensionThatIsLost(kit: StoreKit): Promise<void> {
  const services = kit.services();
  const conduit = services.conduit();
  let runs = 0;
  const worker = await services.work({
    name: "extending",
    reads: conduit,
    sends: [conduit],
    handler: async (_message, context) => {
      runs += 1;
      await context.sleep("12s");
    },
    options: { idempotent: { retention: "1h", lease: "6s" } },
    idempotency: failing(kit.idempotency(), { extend: "after" }),
  });
  await worker.send(conduit, { n: 1 });
  await kit.time.until(
    () => worker.events.some(({ event }) => event === "handled"),
    "a long handler keeps its claim",
    60_000,
  );
  same(runs, 1, "handler runs when the answer to an extension was lost");
}

/** A store some of whose calls fail or lose their answer. */
const failing = (
  inner: IdempotencyStore,
  faults: Partial<Record<"complete" | "extend", "before" | "after">>,
): IdempotencyStore => {
  const left = new Map(Object.entries(faults));
  const call = async <T>(step: "complete" | "extend", run: () => T | Promise<T>): Promise<T> => {
    const fault = left.get(step);
    left.delete(step);
    if (fault === "before") throw new Error("the store cannot be reached");
    const answer = await run();
    if (fault === "after") throw new Error("the answer of the store is lost");
    return answer;
  };
  return {
    name: inner.name,
    claim: (request) => inner.claim(request),
    release: (handle) => inner.release(handle),
    extend: (handle, ms) => call("extend", () => inner.extend(handle, ms)),
    complete: (handle, ms) => call("complete", () => inner.complete(handle, ms)),
  };
};
