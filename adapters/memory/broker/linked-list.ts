/** A doubly linked list whose nodes are the members themselves: adding and removing allocate nothing. */
export interface LinkedList<N extends ListNode<N>> {
  head: N | undefined;
  tail: N | undefined;
}

/** A member is in at most one such list at a time; its owner knows which. */
export interface ListNode<N> {
  prev: N | undefined;
  next: N | undefined;
}

export const emptyList = <N extends ListNode<N>>(): LinkedList<N> => ({ head: undefined, tail: undefined });

export function append<N extends ListNode<N>>(list: LinkedList<N>, node: N): void {
  node.prev = list.tail;
  node.next = undefined;
  if (list.tail === undefined) list.head = node;
  else list.tail.next = node;
  list.tail = node;
}

/** Takes `node` out of `list`, which must hold it. */
export function unlink<N extends ListNode<N>>(list: LinkedList<N>, node: N): void {
  if (node.prev === undefined) list.head = node.next;
  else node.prev.next = node.next;
  if (node.next === undefined) list.tail = node.prev;
  else node.next.prev = node.prev;
  node.prev = undefined;
  node.next = undefined;
}
