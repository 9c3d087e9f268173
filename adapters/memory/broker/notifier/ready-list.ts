/** A node of a {@link ReadyList}; it carries its own links. */
export interface Linked<N> {
  previous: N | undefined;
  next: N | undefined;
}

/** A queue from which any member can be taken in O(1). A node is in at most one list at a time. */
export class ReadyList<N extends Linked<N>> {
  #head: N | undefined;
  #tail: N | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get head(): N | undefined {
    return this.#head;
  }

  append(node: N): void {
    node.previous = this.#tail;
    node.next = undefined;
    if (this.#tail === undefined) this.#head = node;
    else this.#tail.next = node;
    this.#tail = node;
    this.#size += 1;
  }

  remove(node: N): void {
    if (node.previous === undefined) this.#head = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) this.#tail = node.previous;
    else node.next.previous = node.previous;
    node.previous = undefined;
    node.next = undefined;
    this.#size -= 1;
  }

  /** The member `steps` places behind the head. Costs `steps`: meant for small windows. */
  at(steps: number): N | undefined {
    let node = this.#head;
    for (let step = 0; step < steps && node !== undefined; step++) node = node.next;
    return node;
  }
}
