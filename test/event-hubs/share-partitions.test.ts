import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partitionsToClaim } from "../../adapters/event-hubs/share-partitions.js";

const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => String(at));

const owned = (owners: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(owners).flatMap(([owner, partitions]) =>
    partitions.map((partition) => ({ partition, owner })),
  );

const claims = (partitions: number, owners: Readonly<Record<string, readonly string[]>>, me = "me") =>
  [...partitionsToClaim({ me, partitions: ids(partitions), owned: owned(owners), draw: () => 0 })].sort();

describe("a member that looks at who owns what", () => {
  it.each([
    ["alone, claims all", 4, {}, ["0", "1", "2", "3"]],
    ["claims what is free up to its share", 4, { other: ["0", "1"] }, ["2", "3"]],
    ["leaves the rest of what is free to the others", 4, { other: ["0"] }, ["1", "2"]],
    ["takes from who has most", 4, { one: ["0", "1", "2", "3"] }, ["0", "1"]],
    ["takes nothing when nobody has two more", 3, { one: ["0", "1"], me: ["2"] }, []],
    ["takes nothing when there are fewer partitions than members", 1, { one: ["0"] }, []],
    ["takes one of many", 5, { one: ["0", "1", "2"], two: ["3", "4"] }, ["0"]],
  ])("%s", (_, partitions, owners, expected) => {
    expect(claims(partitions, owners)).toEqual(expected);
  });

  it("comes to a fair share with others that do the same, in whatever order they look", () => {
    const members = ["a", "b", "c", "d", "e"];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.tuple(fc.nat(4), fc.double({ min: 0, max: 0.999, noNaN: true })), {
          minLength: 80,
          maxLength: 80,
        }),
        (partitions, count, looks) => {
          const owners = new Map<string, string>();
          const look = (me: string, draw: number): void => {
            const now = [...owners].map(([partition, owner]) => ({ partition, owner }));
            const input = { me, partitions: ids(partitions), owned: now, draw: () => draw };
            for (const partition of partitionsToClaim(input)) owners.set(partition, me);
          };
          for (const [member, draw] of looks) look(members[member % count] ?? "a", draw);
          for (const member of members.slice(0, count)) look(member, 0.5);
          const counts = members
            .slice(0, count)
            .map((member) => [...owners.values()].filter((owner) => owner === member).length);
          expect(owners.size).toBe(partitions);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
