import type { Ownership } from "../../src/store/index.js";

/** What a member of a consumer group sees before it decides which partitions to claim. */
export interface ShareInput {
  readonly me: string;
  readonly partitions: readonly string[];
  /** Expired ones and those that were given up are left out. */
  readonly owned: readonly Pick<Ownership, "partition" | "owner">[];
  /** A number in [0, 1): members that decide at the same time are not to want the same. */
  readonly draw: () => number;
}

/**
 * Which partitions to claim, so that in the end no member reads two more than another: free ones first, up to the fair
 * share; then from whoever has most. Those that it has already are not among them.
 *
 * A member that owns nothing is not seen by the others, so only who has too few acts.
 */
export function partitionsToClaim({ me, partitions, owned, draw }: ShareInput): readonly string[] {
  const ownerOf = new Map(owned.map(({ partition, owner }) => [partition, owner]));
  const byOwner = new Map<string, string[]>([[me, []]]);
  const free: string[] = [];
  for (const partition of partitions) {
    const owner = ownerOf.get(partition);
    if (owner === undefined) free.push(partition);
    else byOwner.set(owner, [...(byOwner.get(owner) ?? []), partition]);
  }
  const fair = Math.ceil(partitions.length / byOwner.size);
  const mine = byOwner.get(me)?.length ?? 0;
  const claims = take(free, fair - mine, draw);
  for (;;) {
    const most = [...byOwner.values()].sort((left, right) => right.length - left.length)[0] ?? [];
    if (most.length - mine - claims.length < 2) return claims;
    const [stolen] = take(most, 1, draw);
    if (stolen === undefined) return claims;
    most.splice(most.indexOf(stolen), 1);
    claims.push(stolen);
  }
}

/** Some of them, at random. */
function take(from: readonly string[], count: number, draw: () => number): string[] {
  const left = [...from];
  const taken: string[] = [];
  while (taken.length < count && left.length > 0) {
    taken.push(...left.splice(Math.floor(draw() * left.length), 1));
  }
  return taken;
}
