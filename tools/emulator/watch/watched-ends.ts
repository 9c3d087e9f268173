import type {
  AmqpError,
  Connection,
  OutgoingDelivery,
  OutgoingMessage,
  ReceiverLink,
  SenderLink,
} from "../amqp/engine/engine.js";
import type { LiveLink } from "./watched-links.js";
import type { WatchedLink, Witness } from "./witness.js";

export interface Endings {
  /** Tells the service that the link has ended. */
  readonly ended: () => void;
  readonly forget: (link: LiveLink) => void;
}

/** A link on which the emulator sends. */
export class WatchedSender implements SenderLink, LiveLink {
  readonly facts: WatchedLink;
  readonly #inner: SenderLink;
  readonly #witness: Witness;
  readonly #endings: Endings;
  #isGone = false;

  constructor(inner: SenderLink, facts: WatchedLink, witness: Witness, endings: Endings) {
    this.#inner = inner;
    this.facts = facts;
    this.#witness = witness;
    this.#endings = endings;
  }

  get name(): string {
    return this.#inner.name;
  }

  get connection(): Connection {
    return this.#inner.connection;
  }

  get credit(): number {
    return this.#inner.credit;
  }

  send(message: OutgoingMessage): OutgoingDelivery {
    const delivery = this.#inner.send(message);
    this.#witness.delivered(this.facts, bytesOf(message));
    return delivery;
  }

  drained(): void {
    this.#inner.drained();
  }

  detach(error?: AmqpError): void {
    this.#inner.detach(error);
    this.gone("emulator", error);
  }

  end(error: AmqpError): void {
    if (this.#isGone) return;
    this.detach(error);
    this.#endings.ended();
  }

  release(): void {
    // What is sent to a client goes by the client's credit.
  }

  gone(by: "client" | "emulator", error?: AmqpError): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#endings.forget(this);
    this.#witness.detached(this.facts, by, error);
  }
}

/** A link on which the emulator receives. */
export class WatchedReceiver implements ReceiverLink, LiveLink {
  readonly facts: WatchedLink;
  readonly #inner: ReceiverLink;
  readonly #witness: Witness;
  readonly #endings: Endings & { readonly withholds: () => boolean };
  #withheld = 0;
  #isGone = false;

  constructor(
    inner: ReceiverLink,
    facts: WatchedLink,
    witness: Witness,
    endings: Endings & { readonly withholds: () => boolean },
  ) {
    this.#inner = inner;
    this.facts = facts;
    this.#witness = witness;
    this.#endings = endings;
  }

  get name(): string {
    return this.#inner.name;
  }

  get connection(): Connection {
    return this.#inner.connection;
  }

  /** With what is withheld: the service is not to grant that again. */
  get credit(): number {
    return this.#inner.credit + this.#withheld;
  }

  grant(credit: number): void {
    if (this.#endings.withholds()) this.#withheld += credit;
    else this.#inner.grant(credit);
  }

  detach(error?: AmqpError): void {
    this.#inner.detach(error);
    this.gone("emulator", error);
  }

  end(error: AmqpError): void {
    if (this.#isGone) return;
    this.detach(error);
    this.#endings.ended();
  }

  release(): void {
    if (this.#withheld === 0 || this.#endings.withholds()) return;
    const credit = this.#withheld;
    this.#withheld = 0;
    this.#inner.grant(credit);
  }

  gone(by: "client" | "emulator", error?: AmqpError): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#endings.forget(this);
    this.#witness.detached(this.facts, by, error);
  }
}

const bytesOf = ({ payload }: OutgoingMessage): number =>
  payload.reduce((sum, part) => sum + part.byteLength, 0);
