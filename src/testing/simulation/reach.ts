import type { World } from "../../../adapters/memory/world.js";
import type { PortName } from "../../runtime/runtime.js";
import type { IdempotencyStore } from "../../store/idempotency-store.js";
import type { Transport } from "../../transport/transport.js";
import type { BugName } from "./bugs.js";
import { buggyStore, type BuggyRecords, type StoreBug } from "./buggy-store.js";
import { buggyTransport } from "./buggy-transport.js";
import type { SimChannels } from "./contracts.js";
import type { SimProcess } from "./process.js";
import { simStore } from "./sim-store.js";
import type { Boundary } from "./boundary.js";
import { simTransport } from "./sim-transport.js";
import type { Swarm } from "./swarm.js";

/** What there is to reach. */
export interface Reachable {
  readonly transport: Transport;
  readonly store: IdempotencyStore;
  readonly broker: World;
  readonly channels: SimChannels;
  readonly swarm: Swarm;
  readonly bug: BugName | undefined;
  /** What a buggy store remembers. */
  readonly records: BuggyRecords;
}

/** How a process reaches the broker and the store: through its faults, and through a seeded bug if there is one. */
export function reachOf(
  { transport, store, broker, channels, swarm, bug, records }: Reachable,
  boundary: Boundary,
): { readonly transport: Transport; readonly store: IdempotencyStore } {
  const { process } = boundary;
  const watched = simTransport(transport, boundary);
  if (bug === undefined) return { transport: watched, store: simStore(store, boundary) };
  const { lockMs, ttlMs } = swarm;
  const parts = { bug, process, broker, channels, lockMs, ttlMs, stopping: () => process.stopping };
  const late: (() => unknown)[] = [];
  const reached = simStore(isStoreBug(bug) ? storeOf(bug, records, boundary) : store, boundary);
  const settling = bug === "settleBeforeComplete" ? settlesFirst(watched, process, late) : watched;
  return {
    transport: buggyTransport(settling, parts),
    store: bug === "settleBeforeComplete" ? completesLate(reached, late) : reached,
  };
}

const storeBugs: readonly StoreBug[] = [
  "releaseUnconditional",
  "tokenNotCompared",
  "storeTimeLocal",
  "dedupForgotten",
];
const isStoreBug = (bug: BugName): bug is StoreBug => storeBugs.some((each) => each === bug);

function storeOf(
  bug: StoreBug,
  records: BuggyRecords,
  { process, brokerRuntime }: Boundary,
): IdempotencyStore {
  const { runtime } = process;
  return buggyStore(bug, records, () => (bug === "storeTimeLocal" ? runtime.now() : brokerRuntime.now()));
}

/** Answers before it has asked. */
const completesLate = (store: IdempotencyStore, late: (() => unknown)[]): IdempotencyStore => ({
  ...store,
  complete: (handle, retentionMs) => {
    late.push(() => store.complete(handle, retentionMs));
    return "ok";
  },
});

function settlesFirst(inner: Transport, process: SimProcess, late: (() => unknown)[]): Transport {
  return {
    ...inner,
    connect: async (context) => {
      const connection = await inner.connect(context);
      return {
        sender: (destination) => connection.sender(destination),
        receiver: (source, options) => {
          const receiver = connection.receiver(source, options);
          return {
            receive: (max, signal) => receiver.receive(max, signal),
            renew: (deliveries) => receiver.renew(deliveries),
            checkpoint: (delivery) => receiver.checkpoint?.(delivery),
            backlog: () => receiver.backlog?.(),
            close: () => receiver.close(),
            settle: async (requests) => {
              const answers = await receiver.settle(requests);
              for (const complete of late.splice(0)) {
                await process.turn("completes late");
                await Promise.resolve(complete()).catch(() => undefined);
              }
              return answers;
            },
          };
        },
        deadLetters: (source) => connection.deadLetters(source),
        close: () => connection.close(),
      };
    },
  };
}

/** The boundaries that a seeded bug keeps a process from crossing. */
export function interceptOf(
  bug: BugName | undefined,
  { lockMs }: Swarm,
):
  | ((process: SimProcess, port: PortName, subject: string, id: string) => { answer: unknown } | undefined)
  | undefined {
  if (bug === "leaseNotRenewed") {
    return (_process, port, _subject, id) =>
      port === "store" && id.startsWith("extend ") ? { answer: "ok" } : undefined;
  }
  if (bug !== "lockNotRenewed") return undefined;
  return (process, port) =>
    port === "renew"
      ? { answer: Promise.resolve(Array.from({ length: 100 }, () => process.runtime.now() + lockMs)) }
      : undefined;
}
