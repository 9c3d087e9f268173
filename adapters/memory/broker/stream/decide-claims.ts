import type { Ownership } from "./ownerships.js";

export interface ClaimSituation {
  readonly ownerId: string;
  readonly partitionIds: readonly string[];
  /** All records of the group, also expired ones and one's own. */
  readonly ownerships: readonly Ownership[];
  readonly nowMs: number;
  /** Milliseconds after which an ownership that was not renewed is free. Default 60,000. */
  readonly expiryMs?: number;
  /** `balanced` claims at most one partition at a time, `greedy` all that are due. Default `balanced`. */
  readonly strategy?: "balanced" | "greedy";
  /** Chooses among `count` equally good partitions, from 0 to `count - 1`. Default: the first. */
  readonly pick?: (count: number) => number;
}

/**
 * The partitions that an owner should claim next, besides renewing its own; none when the load is balanced.
 *
 * Every owner that is alive is due floor(partitions / owners), and the remainder gives one more to as many owners.
 * Free partitions come first, then those of owners above their share, the largest first.
 */
export function decideClaims(situation: ClaimSituation): readonly string[] {
  const { ownerId, partitionIds, strategy = "balanced", pick = () => 0 } = situation;
  const owned = partitionsByOwner(situation);
  const mine = owned.get(ownerId)?.length ?? 0;
  const taken = new Set([...owned.values()].flat());
  owned.delete(ownerId);
  const others = [...owned.values()].sort((left, right) => right.length - left.length);

  const owners = others.length + 1;
  const least = Math.floor(partitionIds.length / owners);
  const extras = partitionIds.length % owners;
  const extrasTaken = others.filter((partitions) => partitions.length > least).length;
  const due = least + (extrasTaken < extras ? 1 : 0) - mine;
  const wanted = strategy === "balanced" ? Math.min(due, 1) : due;
  if (wanted <= 0) return [];

  const free = partitionIds.filter((id) => !taken.has(id));
  const claims = pickSome(free, wanted, pick);
  for (const [rank, partitions] of others.entries()) {
    const surplus = partitions.length - least - (rank < extras ? 1 : 0);
    claims.push(...pickSome(partitions, Math.min(surplus, wanted - claims.length), pick));
  }
  return claims;
}

const defaultExpiryMs = 60_000;

function partitionsByOwner(situation: ClaimSituation): Map<string, string[]> {
  const known = new Set(situation.partitionIds);
  const owned = new Map<string, string[]>();
  for (const ownership of situation.ownerships) {
    if (!known.has(ownership.partitionId) || !isLive(situation, ownership)) continue;
    const partitions = owned.get(ownership.ownerId) ?? [];
    partitions.push(ownership.partitionId);
    owned.set(ownership.ownerId, partitions);
  }
  return owned;
}

function isLive({ nowMs, expiryMs = defaultExpiryMs }: ClaimSituation, ownership: Ownership): boolean {
  return ownership.ownerId !== "" && nowMs - ownership.lastModifiedMs < expiryMs;
}

function pickSome(from: readonly string[], count: number, pick: (count: number) => number): string[] {
  const rest = [...from];
  const picked: string[] = [];
  while (picked.length < count && rest.length > 0) picked.push(...rest.splice(pick(rest.length), 1));
  return picked;
}
