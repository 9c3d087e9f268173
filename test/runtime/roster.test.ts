import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Roster, type Member } from "../../src/runtime/roster.js";

class Guest implements Member<Guest> {
  before: Guest | undefined;
  after: Guest | undefined;
  present = false;
}

describe("a roster", () => {
  it("names those who are present in the order in which they came", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 100 }), (visits) => {
        const guests = Array.from({ length: 10 }, () => new Guest());
        const roster = new Roster<Guest>();
        let present: Guest[] = [];
        for (const visit of visits) {
          const guest = guests[visit]!;
          const wasPresent = present.includes(guest);
          if (!wasPresent) roster.add(guest);
          else expect(roster.remove(guest)).toBe(true);
          present = wasPresent ? present.filter((each) => each !== guest) : [...present, guest];
          expect([...roster]).toEqual(present);
          expect(roster.size).toBe(present.length);
        }
      }),
    );
  });

  it("answers that nobody was removed who is not present", () => {
    expect(new Roster<Guest>().remove(new Guest())).toBe(false);
  });

  it("does not lose those who come after one who leaves while they are counted", () => {
    const roster = new Roster<Guest>();
    const guests = [new Guest(), new Guest(), new Guest()];
    for (const guest of guests) roster.add(guest);
    const counted: Guest[] = [];
    for (const guest of roster) {
      counted.push(guest);
      roster.remove(guest);
    }
    expect(counted).toEqual(guests);
    expect(roster.size).toBe(0);
  });
});
