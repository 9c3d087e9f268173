import type { CheckpointStore, GroupPlace, Ownership } from "../../src/store/index.js";
import type { Deadline } from "../../src/transport/index.js";
import { askStore } from "./ask-store.js";
import { partitionsToClaim } from "./share-partitions.js";

/** How the members of a consumer group share its partitions. */
export interface Balancing {
  /** Milliseconds between two looks at who owns what, and between renewals. */
  readonly updateMs: number;
  /** Milliseconds without a renewal after which a partition is free. */
  readonly expiryMs: number;
}

/** What a membership needs, and whom it tells. */
export interface MembershipParts {
  readonly store: CheckpointStore;
  readonly place: GroupPlace;
  readonly balancing: Balancing;
  readonly deadline: Deadline;
  /** For giving up. */
  readonly closing: Deadline;
  readonly partitions: () => Promise<readonly string[]>;
  /** It owns these now; also those that it owned and does not read. Rejects if they cannot be read at the moment. */
  readonly gained: (partitions: readonly string[]) => Promise<void>;
  /** Somebody else has taken it. */
  readonly lost: (partition: string) => void;
  /** A look failed; the next one comes by itself. */
  readonly failed: (error: unknown) => void;
}

/**
 * One member of a consumer group: claims its share of the partitions in the checkpoint store, renews what it has, and gives
 * all of it up when it closes.
 *
 * An ownership counts as expired when it has not changed for `expiryMs` of this process's own clock: the clocks of other
 * machines and of the store play no part.
 */
export class Membership {
  readonly #parts: MembershipParts;
  readonly #me: string;
  readonly #held = new Map<string, Ownership>();
  readonly #unchanged = new Map<string, { readonly etag: string; readonly sinceMs: number }>();
  #looking: Promise<void> | undefined;
  #timer: { cancel(): void } | undefined;
  #closed = false;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
    this.#me = parts.deadline.runtime.uuid("event-hubs owner");
  }

  /** Looks now, or joins the look that is under way. @throws {WaybillError} why it failed */
  look(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#timer?.cancel();
    return (this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      if (this.#closed) return;
      const { deadline, balancing, failed } = this.#parts;
      this.#timer = deadline.runtime.after(balancing.updateMs, () => void this.look().catch(failed));
    }));
  }

  owns(partition: string): boolean {
    return this.#held.has(partition);
  }

  /**
   * Asks the store whether this member still is the owner: one that was paused has heard nothing of another.
   * @throws {WaybillError} `storeFailed`
   */
  async stillOwns(partition: string): Promise<boolean> {
    if (!this.owns(partition)) return false;
    const { store, place } = this.#parts;
    const owners = await this.#ask("see who owns", () => store.owners(place));
    // By its name, which no other member has: an etag changes with each renewal.
    return owners.some((ownership) => ownership.partition === partition && ownership.owner === this.#me);
  }

  /** Another reader took the partition from the service: who owns it the store will say. */
  drop(partition: string): void {
    this.#held.delete(partition);
  }

  /** Gives up everything at once. Bounded by the deadline; what cannot be given up expires. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    const held = [...this.#held.values()];
    this.#held.clear();
    await Promise.all(held.map((ownership) => this.#giveUp(ownership)));
  }

  async #look(): Promise<void> {
    const { store, place, partitions, gained, deadline } = this.#parts;
    const ids = await partitions();
    const owners = await this.#ask("see who owns", () => store.owners(place));
    if (this.#closed) return;
    const live = this.#live(owners);
    const wanted = partitionsToClaim({
      me: this.#me,
      partitions: ids,
      owned: live,
      draw: () => deadline.runtime.random("partition"),
    });
    const known = new Map(owners.map((ownership) => [ownership.partition, ownership]));
    const own = live.filter(({ owner }) => owner === this.#me).map(({ partition }) => partition);
    await Promise.all([
      this.#renew(),
      ...own
        .filter((partition) => !this.#held.has(partition))
        .concat(wanted)
        .map((partition) => this.#claim(partition, known.get(partition)?.etag)),
    ]);
    if (!this.#closed && this.#held.size > 0) await gained([...this.#held.keys()]);
  }

  /** Those that somebody owns and renews. */
  #live(owners: readonly Ownership[]): readonly Ownership[] {
    const nowMs = this.#parts.deadline.runtime.elapsed();
    return owners.filter(({ partition, owner, etag }) => {
      const known = this.#unchanged.get(partition);
      const sinceMs = known?.etag === etag ? known.sinceMs : nowMs;
      this.#unchanged.set(partition, { etag, sinceMs });
      return owner !== "" && (owner === this.#me || nowMs - sinceMs < this.#parts.balancing.expiryMs);
    });
  }

  async #claim(partition: string, etag: string | undefined): Promise<void> {
    const ownership = await this.#own(partition, etag);
    if (ownership === undefined) return;
    if (this.#closed) await this.#giveUp(ownership);
    else this.#held.set(partition, ownership);
  }

  async #renew(): Promise<void> {
    await Promise.all(
      [...this.#held.values()].map(async (held) => {
        const { partition } = held;
        const renewed = await this.#own(partition, held.etag);
        if (this.#held.get(partition) !== held) {
          if (renewed !== undefined) await this.#giveUp(renewed);
        } else if (renewed === undefined) {
          this.#held.delete(partition);
          this.#parts.lost(partition);
        } else this.#held.set(partition, renewed);
      }),
    );
  }

  async #giveUp({ partition, etag }: Ownership): Promise<void> {
    const { store, place, closing } = this.#parts;
    await askStore(closing, "cannot give up a partition", () =>
      store.claim(place, { partition, owner: "", etag }),
    ).catch(() => undefined);
  }

  #own(partition: string, etag: string | undefined): Promise<Ownership | undefined> {
    const { store, place } = this.#parts;
    const owner = this.#me;
    return this.#ask(`claim partition ${partition} of`, () => store.claim(place, { partition, owner, etag }));
  }

  #ask<T>(doing: string, operation: () => T | Promise<T>): Promise<T> {
    const { place, store, deadline } = this.#parts;
    const where = `"${place.stream}/${place.group}" in ${store.name}`;
    return askStore(deadline, `cannot ${doing} ${where}`, operation);
  }
}
