import type { World } from "../../../adapters/memory/world.js";
import type { PortName } from "../../runtime/runtime.js";
import type { IdempotencyStore } from "../../store/idempotency-store.js";
import type { Transport } from "../../transport/transport.js";
import type { BugName } from "./bugs.js";
import type { SimChannels } from "./contracts.js";
import type { SimProcess } from "./process.js";
import { simStore } from "./sim-store.js";
import { simTransport, type Boundary } from "./sim-transport.js";
import type { Swarm } from "./swarm.js";
import type { SimWorld } from "./world.js";

/** What there is to reach. */
export interface Reachable {
  readonly transport: Transport;
  readonly store: IdempotencyStore;
  readonly broker: World;
  readonly channels: SimChannels;
  readonly bug: BugName | undefined;
}

/** How one process reaches the broker and the store: through its faults, and through a seeded bug if there is one. */
export function reachOf(
  reachable: Reachable,
  boundary: Boundary,
): { readonly transport: Transport; readonly store: IdempotencyStore } {
  return {
    transport: simTransport(reachable.transport, boundary),
    store: simStore(reachable.store, boundary),
  };
}

/** The boundaries that a seeded bug keeps a process from crossing. */
export function interceptOf(
  _bug: BugName | undefined,
  _world: SimWorld,
  _swarm: Swarm,
):
  | ((process: SimProcess, port: PortName, subject: string, id: string) => { answer: unknown } | undefined)
  | undefined {
  return undefined;
}
