import type { Delivery } from "../transport/transport.js";

/**
 * How far each partition of a stream is done without a gap: the only place up to which a checkpoint may go.
 *
 * Deliveries of a partition are noted in order when they are accepted; each is done once; one that is left stops its
 * partition for good, because it will be delivered again.
 */
export class Watermark {
  readonly #partitions = new Map<
    string,
    { readonly open: { readonly delivery: Delivery; done: boolean }[] }
  >();

  accept(delivery: Delivery): void {
    const lane = delivery.lane ?? "";
    const entry = { delivery, done: false };
    const partition = this.#partitions.get(lane);
    if (partition === undefined) this.#partitions.set(lane, { open: [entry] });
    else partition.open.push(entry);
  }

  /** Notes that a delivery is done. Gives the last one of the gapless beginning, if that has grown. */
  done(delivery: Delivery): { readonly upTo: Delivery; readonly events: number } | undefined {
    const partition = this.#partitions.get(delivery.lane ?? "");
    if (partition === undefined) return undefined;
    const { open } = partition;
    const entry = open.find((each) => each.delivery === delivery);
    if (entry === undefined) return undefined;
    entry.done = true;
    let upTo: Delivery | undefined;
    let events = 0;
    while (open[0]?.done === true) {
      upTo = open.shift()?.delivery;
      events += 1;
    }
    return upTo === undefined ? undefined : { upTo, events };
  }

  /** Forgets a partition that this process no longer owns: nothing of it may be checkpointed any more. */
  forget(lane: string | undefined): void {
    this.#partitions.delete(lane ?? "");
  }
}
