import { memory, memoryBroker } from "../../../adapters/memory/index.js";
import type {
  ClaimHandle,
  ClaimRequest,
  ClaimResult,
  IdempotencyStore,
} from "../../store/idempotency-store.js";
import type { InboxRequest, InboxResult, OutboxMessage } from "../../store/inbox.js";
import type { OutboxStore } from "../../store/outbox-store.js";
import { check, present } from "./check.js";
import { Kit } from "./kit.js";
import type { StoreInbox, StoreWorld } from "./store-harness.js";
import { timeOf, type Time } from "./time.js";

/** Lease and retention of the kit's claims: short, so that a real run is not long. */
export const leaseMs = 2_000;
export const retentionMs = 20_000;

/** Everything that the body of a store's behaviour works with. */
export class StoreKit {
  readonly world: StoreWorld;
  readonly time: Time;
  readonly #run: string;
  #services: Kit | undefined;

  constructor(world: StoreWorld, run: string) {
    this.world = world;
    this.time = timeOf(world.runtime);
    this.#run = run;
  }

  idempotency(clock?: { now(): number }): IdempotencyStore {
    return present(this.world.idempotency?.(clock), "an idempotency store");
  }

  inbox(): StoreInbox {
    return present(this.world.inbox?.(), "an inbox");
  }

  outbox(): OutboxStore {
    return present(this.world.outbox?.(), "an outbox");
  }

  /** Claims a key; `owner` tells claims apart. */
  claim(store: IdempotencyStore, owner: string, more: Partial<ClaimRequest> = {}): Promise<ClaimResult> {
    const request = { scope: "orders", key: this.key("a"), fingerprint: "f", owner, leaseMs, retentionMs };
    return (async () => store.claim({ ...request, ...more }))();
  }

  /** Claims a key that must be free. */
  async own(store: IdempotencyStore, owner: string, more: Partial<ClaimRequest> = {}): Promise<ClaimHandle> {
    const result = await this.claim(store, owner, more);
    check(result.kind === "acquired", `${owner} acquires the claim (got ${result.kind})`);
    return { scope: more.scope ?? "orders", key: more.key ?? this.key("a"), token: result.token, owner };
  }

  /** A key that no other run has. */
  key(name: string): string {
    return `${this.#run}-${name}`;
  }

  /** Handles a message in the inbox: writes an effect and stores the messages. */
  handle(
    { inbox, write }: StoreInbox,
    key: string,
    messages: readonly OutboxMessage[],
    more: Partial<InboxRequest> = {},
    work: () => void = () => undefined,
  ): Promise<InboxResult> {
    const request = { scope: "orders", key: this.key(key), fingerprint: "f", retentionMs, ...more };
    return this.time.finish(
      inbox.run(request, async (tx) => {
        await write(tx, this.key(key), "done");
        work();
        return messages;
      }),
    );
  }

  /** Services on an in-memory broker, to try the core with the store. */
  services(): Kit {
    if (this.#services !== undefined) return this.#services;
    const broker = memoryBroker();
    this.#services = new Kit(
      "queue",
      memory(),
      {
        transport: () => memory({ broker }),
        runtime: this.world.runtime,
        uniquePrefix: "",
        isNative: () => true,
        sendForeign: () => undefined,
      },
      this.#run,
    );
    return this.#services;
  }

  async close(): Promise<void> {
    await this.#services?.close();
    await this.world.close?.();
  }
}

/** Messages of an outbox, named by their ids. */
export const messagesOf = (key: string | undefined, ...ids: readonly string[]): readonly OutboxMessage[] =>
  ids.map((id) => ({
    id,
    destination: "billing",
    bytes: Buffer.from(id),
    ...(key === undefined ? {} : { key }),
  }));

export const idsOf = (messages: readonly { readonly message: OutboxMessage }[]): readonly string[] =>
  messages.map(({ message }) => message.id);
