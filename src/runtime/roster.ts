/** Somebody who can be on a {@link Roster}, on one at a time. */
export interface Member<M> {
  before: M | undefined;
  after: M | undefined;
  present: boolean;
}

/**
 * Those who are present, in the order in which they came.
 *
 * A linked list, not a `Set`: a `Set` whose members come and go is copied into a new table now and then, and each old table
 * keeps the next one, with what was in it, in memory until the next full garbage collection.
 */
export class Roster<M extends Member<M>> {
  #first: M | undefined;
  #last: M | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Who came first of those who are present. */
  get first(): M | undefined {
    return this.#first;
  }

  add(member: M): void {
    member.before = this.#last;
    member.present = true;
    if (this.#last === undefined) this.#first = member;
    else this.#last.after = member;
    this.#last = member;
    this.#size += 1;
  }

  /** Answers whether the member was present. */
  remove(member: M): boolean {
    if (!member.present) return false;
    const { before, after } = member;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    member.before = undefined;
    member.after = undefined;
    member.present = false;
    this.#size -= 1;
    return true;
  }

  /** How many of those who are present pass a test. */
  count(test: (member: M) => boolean): number {
    let count = 0;
    for (let at = this.#first; at !== undefined; at = at.after) if (test(at)) count += 1;
    return count;
  }

  /** Those who are present now; who comes or goes meanwhile changes nothing. */
  [Symbol.iterator](): IterableIterator<M> {
    const members: M[] = [];
    for (let at = this.#first; at !== undefined; at = at.after) members.push(at);
    return members.values();
  }
}
