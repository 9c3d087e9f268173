import type { WaybillError } from "../errors.js";
import type { Runtime } from "../runtime/runtime.js";
import type {
  BacklogEvidence,
  Delivery,
  MaybePromise,
  PartitionEvidence,
  Receiver,
  SettleRequest,
} from "../transport/transport.js";

/** Opens a receiver of the source; `apart` over a client of its own. */
export type OpenReceiver = (apart: boolean) => Receiver;

/** What a receiver leaves behind when another one takes its place. */
export interface Leftovers {
  /** Deliveries that it brought, and that are not settled. */
  readonly open: Iterable<Delivery>;
  /** The receive that was under way, which may still bring something. */
  readonly late: Promise<readonly Delivery[]> | undefined;
}

/**
 * A receiver that another one can take the place of. One that was replaced settles and renews what it has brought, puts back
 * what it still brings, and is closed when nothing of it is left.
 *
 * While nothing was replaced it only passes calls on.
 */
export class SupervisedReceiver implements Receiver {
  readonly receiveDeferred?: NonNullable<Receiver["receiveDeferred"]>;
  readonly sessionState?: NonNullable<Receiver["sessionState"]>;
  readonly setSessionState?: NonNullable<Receiver["setSessionState"]>;
  readonly checkpoint?: NonNullable<Receiver["checkpoint"]>;
  readonly evidence?: () => readonly PartitionEvidence[];
  readonly #open: OpenReceiver;
  readonly #runtime: Runtime;
  readonly #address: string;
  #inner: Receiver;
  readonly #retired = new Set<Retired>();

  constructor(open: OpenReceiver, runtime: Runtime, address: string) {
    this.#open = open;
    this.#runtime = runtime;
    this.#address = address;
    this.#inner = open(false);
    const { receiveDeferred, sessionState, setSessionState, checkpoint, evidence } = this.#inner;
    if (receiveDeferred !== undefined)
      this.receiveDeferred = (numbers) => this.#inner.receiveDeferred?.(numbers) ?? [];
    if (sessionState !== undefined) this.sessionState = (of) => this.#of(of).sessionState?.(of);
    if (setSessionState !== undefined)
      this.setSessionState = (of, state) => this.#of(of).setSessionState?.(of, state);
    if (checkpoint !== undefined) this.checkpoint = (upTo) => this.#of(upTo).checkpoint?.(upTo);
    if (evidence !== undefined) this.evidence = () => this.#inner.evidence?.() ?? [];
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    return this.#inner.receive(max, signal);
  }

  raise(max: number): void {
    this.#inner.raise?.(max);
  }

  settle(requests: readonly SettleRequest[]): MaybePromise<readonly (WaybillError | undefined)[]> {
    if (this.#retired.size === 0) return this.#inner.settle(requests);
    return this.#byReceiver(
      requests,
      ({ delivery }) => delivery,
      async (receiver, part) => receiver.settle(part),
    );
  }

  renew(deliveries: readonly Delivery[]): MaybePromise<readonly (number | WaybillError)[]> {
    if (this.#retired.size === 0) return this.#inner.renew(deliveries);
    return this.#byReceiver(
      deliveries,
      (delivery) => delivery,
      async (receiver, part) => receiver.renew(part),
    );
  }

  /** Nothing where the transport cannot tell. */
  backlog(): MaybePromise<BacklogEvidence | undefined> {
    return this.#inner.backlog?.();
  }

  get canLook(): boolean {
    return this.#inner.backlog !== undefined;
  }

  async close(): Promise<void> {
    await Promise.all([this.#inner, ...[...this.#retired].map(({ receiver }) => receiver)].map(closing));
  }

  /**
   * Puts a new receiver in the place of this one. The promise ends when the old one can bring nothing any more; it never
   * rejects. @throws what the transport says; then nothing has changed
   */
  replace(apart: boolean, { open, late }: Leftovers): Promise<void> {
    const receiver = this.#inner;
    this.#inner = this.#open(apart);
    return new Promise((over) => {
      this.#retired.add({ receiver, open: new Set(open), over });
      if (late === undefined) over();
      else void late.then((deliveries) => this.#putBack(receiver, deliveries)).then(over, over);
    });
  }

  /** Closes those that were replaced and of which nothing is left. */
  prune(open: ReadonlySet<Delivery>): void {
    for (const retired of this.#retired) {
      if ([...retired.open].some((delivery) => open.has(delivery))) continue;
      this.#retired.delete(retired);
      void closing(retired.receiver).then(retired.over);
    }
  }

  get hasRetired(): boolean {
    return this.#retired.size > 0;
  }

  /** The same for a source that one receiver reads at a time: closes this one first. */
  async replaceAlone(apart: boolean, closed: (receiver: Promise<void>) => Promise<void>): Promise<void> {
    await closed(closing(this.#inner));
    this.#inner = this.#open(apart);
  }

  /** A delivery that nobody has taken is put back, never dropped. */
  async #putBack(receiver: Receiver, deliveries: readonly Delivery[]): Promise<void> {
    await Promise.all(
      deliveries.map(async (delivery) => {
        const { id, history } = delivery.envelope;
        const request: SettleRequest = { delivery, action: { kind: "release", history } };
        await this.#runtime.port("settle", this.#address, id, () => receiver.settle([request]));
      }),
    );
  }

  #of(delivery: Delivery): Receiver {
    for (const { receiver, open } of this.#retired) if (open.has(delivery)) return receiver;
    return this.#inner;
  }

  /** Asks each receiver about what is its own; the answers are in the order of `all`. */
  async #byReceiver<T, A>(
    all: readonly T[],
    deliveryOf: (each: T) => Delivery,
    ask: (receiver: Receiver, part: readonly T[]) => Promise<readonly A[]>,
  ): Promise<readonly A[]> {
    const parts = new Map<Receiver, number[]>();
    for (const [index, each] of all.entries()) {
      const receiver = this.#of(deliveryOf(each));
      const part = parts.get(receiver);
      if (part === undefined) parts.set(receiver, [index]);
      else part.push(index);
    }
    const answers = new Array<A>(all.length);
    await Promise.all(
      [...parts].map(async ([receiver, part]) => {
        const given = await ask(
          receiver,
          part.map((index) => all[index] as T),
        );
        for (const [at, index] of part.entries()) answers[index] = given[at] as A;
      }),
    );
    return answers;
  }
}

interface Retired {
  readonly receiver: Receiver;
  /** What it brought, of which something is not settled. */
  readonly open: ReadonlySet<Delivery>;
  readonly over: () => void;
}

/** That it does not close is nobody's to wait for. */
const closing = async (receiver: Receiver): Promise<void> => {
  try {
    await receiver.close();
  } catch {
    // It is not used any more.
  }
};
