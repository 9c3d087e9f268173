import { WaybillError } from "../../errors.js";
import type {
  ConnectContext,
  Connection,
  Delivery,
  Destination,
  MaybePromise,
  Outgoing,
  Receiver,
  ReceiverOptions,
  Sender,
  SendResult,
  SettleRequest,
  Source,
  Transport,
} from "../../transport/transport.js";

type Step = "send" | "settle" | "renew" | "checkpoint";

/** A fault that waits for its step. */
export interface StepFault {
  readonly error: WaybillError;
  /** How many times. Default 1. */
  readonly times?: number;
  /** The step has its effect, but is reported as failed. Default false. */
  readonly afterEffect?: boolean;
  /** A send is refused as one physical batch. */
  readonly asBatch?: boolean;
}

/**
 * What stands between the core and a transport in the kit: it notes each step, fails where it is told to, cuts the
 * connection, and lets receivers lose their links.
 */
export class Unreliable {
  /** Steps in order, such as `send orders 1` and `settle orders 1 complete`. */
  readonly log: string[] = [];
  /** Most receives of one receiver that waited side by side. */
  mostReceives = 0;
  connects = 0;
  receivers = 0;
  readonly #faults: { readonly step: Step; readonly fault: StepFault; left: number }[] = [];
  readonly #links = new Set<Link>();
  #down = false;
  #gate: Promise<void> | undefined;

  fail(step: Step, fault: StepFault): void {
    this.#faults.push({ step, fault, left: fault.times ?? 1 });
  }

  get isDown(): boolean {
    return this.#down;
  }

  /** Nothing gets through until {@link restore}. */
  outage(): void {
    this.#down = true;
    for (const link of this.#links) link.wake();
  }

  restore(): void {
    this.#down = false;
  }

  /** Every receiver loses its link and gets a new one: locks of the old one are of no use any more. */
  detach(): void {
    for (const link of this.#links) link.reopen();
  }

  /** Holds back all sends until the answer is called. */
  holdSends(): () => void {
    let open: () => void = () => undefined;
    this.#gate = new Promise((resolve) => (open = resolve));
    return () => {
      this.#gate = undefined;
      open();
    };
  }

  /** The transport with this in between. */
  wrap(inner: Transport): Transport {
    return {
      name: inner.name,
      capabilities: inner.capabilities,
      connect: async (context) => this.#connect(inner, context),
    };
  }

  take(step: Step): StepFault | undefined {
    if (this.#down) return { error: unreachable() };
    const entry = this.#faults.find((each) => each.step === step && each.left > 0);
    if (entry === undefined) return undefined;
    entry.left -= 1;
    return entry.fault;
  }

  async #connect(inner: Transport, context: ConnectContext): Promise<Connection> {
    this.connects += 1;
    if (this.#down) throw unreachable();
    const connection = await inner.connect(context);
    const links: Link[] = [];
    return {
      sender: (destination) => this.#sender(connection.sender(destination), destination),
      receiver: (source, options) => {
        this.receivers += 1;
        const link = new Link(this, connection, source, options);
        this.#links.add(link);
        links.push(link);
        return link.receiver();
      },
      deadLetters: (source) => connection.deadLetters(source),
      close: () => {
        for (const link of links) this.#links.delete(link);
        return connection.close();
      },
    };
  }

  #sender(inner: Sender, { address }: Destination): Sender {
    const { cancel } = inner;
    return {
      send: async (messages) => {
        for (const { envelope } of messages) this.log.push(`send ${address} ${envelope.id}`);
        if (this.#gate !== undefined) await this.#gate;
        return this.#send(inner, messages);
      },
      ...(cancel === undefined ? {} : { cancel: cancel.bind(inner) }),
      close: () => inner.close(),
    };
  }

  async #send(inner: Sender, messages: readonly Outgoing[]): Promise<readonly SendResult[]> {
    const fault = this.take("send");
    if (fault === undefined) return inner.send(messages);
    if (fault.afterEffect === true) await inner.send(messages);
    const refused: SendResult = { ok: false, error: fault.error };
    return messages.map(() => (fault.asBatch === true ? { ...refused, batch: 0 } : refused));
  }
}

const unreachable = (): WaybillError => new WaybillError("transportFailed", "the broker cannot be reached");

/** One receiver of a connection, whose link can break under it. */
class Link {
  readonly #owner: Unreliable;
  readonly #connection: Connection;
  readonly #source: Source;
  readonly #options: ReceiverOptions;
  #inner: Receiver;
  #interrupt = new AbortController();
  #receives = 0;

  constructor(owner: Unreliable, connection: Connection, source: Source, options: ReceiverOptions) {
    this.#owner = owner;
    this.#connection = connection;
    this.#source = source;
    this.#options = options;
    this.#inner = connection.receiver(source, options);
  }

  /** Ends a waiting receive, so that it looks at the world again. */
  wake(): void {
    this.#interrupt.abort();
    this.#interrupt = new AbortController();
  }

  reopen(): void {
    void this.#inner.close();
    this.#inner = this.#connection.receiver(this.#source, this.#options);
    this.wake();
  }

  receiver(): Receiver {
    const { receiveDeferred, checkpoint, sessionState, setSessionState } = this.#inner;
    return {
      receive: (max, signal) => this.#receive(max, signal),
      settle: (requests) => this.#settle(requests),
      renew: (deliveries) => this.#renew(deliveries),
      ...(receiveDeferred === undefined
        ? {}
        : { receiveDeferred: (numbers) => this.#inner.receiveDeferred?.(numbers) ?? [] }),
      ...(checkpoint === undefined ? {} : { checkpoint: (delivery) => this.#checkpoint(delivery) }),
      ...(sessionState === undefined
        ? {}
        : { sessionState: (delivery) => this.#inner.sessionState?.(delivery) }),
      ...(setSessionState === undefined
        ? {}
        : { setSessionState: (delivery, state) => this.#inner.setSessionState?.(delivery, state) }),
      close: () => this.#inner.close(),
    };
  }

  async #receive(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    this.#receives += 1;
    this.#owner.mostReceives = Math.max(this.#owner.mostReceives, this.#receives);
    try {
      for (;;) {
        if (this.#owner.isDown) throw unreachable();
        const interrupt = this.#interrupt.signal;
        const got = await this.#inner.receive(max, AbortSignal.any([signal, interrupt]));
        if (got.length > 0 || !interrupt.aborted || signal.aborted) return got;
      }
    } finally {
      this.#receives -= 1;
    }
  }

  #settle(requests: readonly SettleRequest[]): MaybePromise<readonly (WaybillError | undefined)[]> {
    for (const { delivery, action } of requests)
      this.#owner.log.push(`settle ${this.#source.address} ${delivery.envelope.id} ${action.kind}`);
    const fault = this.#owner.take("settle");
    if (fault === undefined) return this.#inner.settle(requests);
    if (fault.afterEffect === true) void this.#inner.settle(requests);
    return requests.map(() => fault.error);
  }

  #renew(deliveries: readonly Delivery[]): MaybePromise<readonly (number | WaybillError)[]> {
    const fault = this.#owner.take("renew");
    return fault === undefined ? this.#inner.renew(deliveries) : deliveries.map(() => fault.error);
  }

  #checkpoint(delivery: Delivery): MaybePromise<void> {
    this.#owner.log.push(`checkpoint ${this.#source.address} ${delivery.envelope.id}`);
    const fault = this.#owner.take("checkpoint");
    if (fault === undefined) return this.#inner.checkpoint?.(delivery);
    throw fault.error;
  }
}
