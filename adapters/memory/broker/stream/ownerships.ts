import { groupKey } from "./checkpoints.js";

/** Who reads a partition for a consumer group. */
export interface Ownership {
  readonly hub: string;
  readonly group: string;
  readonly partitionId: string;
  /** Empty after the owner gave it up. */
  readonly ownerId: string;
  /** Milliseconds since 1970. */
  readonly lastModifiedMs: number;
  /** Changes with every claim. */
  readonly etag: string;
}

export interface OwnershipClaim {
  readonly hub: string;
  readonly group: string;
  readonly partitionId: string;
  /** Empty to give the partition up. */
  readonly ownerId: string;
  /** Of the record that the claim replaces. Absent when there was none. */
  readonly etag?: string;
}

export interface OwnershipTable {
  list(hub: string, group: string): readonly Ownership[];
  /** Makes the claims whose etag is still current, and returns only those. */
  claim(claims: readonly OwnershipClaim[], nowMs: number): readonly Ownership[];
}

export function createOwnershipTable(): OwnershipTable {
  const groups = new Map<string, Map<string, Ownership>>();
  let changes = 0;
  return {
    list: (hub, group) => [...(groups.get(groupKey(hub, group))?.values() ?? [])],
    claim(claims, nowMs) {
      return claims.flatMap((claim) => {
        const key = groupKey(claim.hub, claim.group);
        const partitions = groups.get(key) ?? new Map<string, Ownership>();
        if (partitions.get(claim.partitionId)?.etag !== claim.etag) return [];
        const ownership: Ownership = { ...claim, lastModifiedMs: nowMs, etag: String(++changes) };
        groups.set(key, partitions.set(claim.partitionId, ownership));
        return [ownership];
      });
    },
  };
}
