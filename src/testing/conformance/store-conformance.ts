import { start } from "../../start.js";
import { memory } from "../../../adapters/memory/index.js";
import { conduitOf } from "./conduit.js";
import { ConformanceFailure, refused, same } from "./check.js";
import { storeBehaviours, type StoreBehaviour } from "./p-stores.js";
import type { StoreAdapter, StoreWorld } from "./store-harness.js";
import { StoreKit } from "./store-kit.js";
import type { CaseOutcome, ConformanceCase } from "./transport-conformance.js";
import { serviceOf } from "./worker.js";

/**
 * The behaviours that stores must show, for one adapter: idempotency stores, transactional inboxes and outboxes. What
 * the adapter does not offer is tried as its negative twin.
 */
export const storeConformance = (adapter: StoreAdapter): readonly ConformanceCase[] =>
  storeBehaviours.map((behaviour) => ({
    number: behaviour.number,
    name: behaviour.name,
    section: "P",
    tests: "store",
    title: `${String(behaviour.number)} ${behaviour.name}`,
    stopsBroker: false,
    run: () => tryStore(behaviour, adapter),
  }));

async function tryStore(behaviour: StoreBehaviour, adapter: StoreAdapter): Promise<CaseOutcome> {
  const world = await adapter.open();
  const kit = new StoreKit(world, `p${String(behaviour.number)}`);
  const offered = adapter.offers.includes(behaviour.needs);
  try {
    await (offered ? behaviour.body(kit) : offersNoHalf(behaviour, world));
  } catch (error) {
    await kit.close().catch(() => undefined);
    const why = error instanceof Error ? error.message : String(error);
    throw new ConformanceFailure(`${String(behaviour.number)} ${behaviour.name}: ${why}`, { cause: error });
  }
  await kit.close();
  return offered ? "pass" : "unsupported";
}

/** What a store does not offer is not half there, and a service that needs a store and has none does not start. */
async function offersNoHalf({ needs }: StoreBehaviour, world: StoreWorld): Promise<void> {
  const parts = {
    idempotency: world.idempotency,
    inbox: world.inbox,
    outbox: world.outbox,
    schedule: Object.hasOwn(world, "schedule") ? world : undefined,
  };
  same(parts[needs], undefined, `the ${needs} that is not offered`);
  const forgetful = serviceOf({ reads: conduitOf("queue", "never"), options: { idempotent: true } });
  await refused(
    () => start(forgetful["~service"], { transport: memory() }, world.runtime),
    { codes: ["missingDependency"] },
    "an idempotent consumer without a store",
  );
}
