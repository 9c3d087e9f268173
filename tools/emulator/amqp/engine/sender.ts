import type {
  AmqpError,
  Connection,
  DeliveryState,
  OutgoingDelivery,
  OutgoingMessage,
  SenderHandler,
  SenderLink,
} from "./engine.js";
import type { LinkEnd } from "./link.js";
import type { Flow } from "./performatives.js";
import { ProtocolError } from "./protocol-error.js";
import { serialAdd, serialDiff } from "./serial.js";
import type { ServerSession } from "./session.js";

/** A link on which we send. */
export class EngineSender implements SenderLink, LinkEnd {
  /** What the peer may still be sent, by its own word. */
  private linkCredit = 0;
  private deliveryCount = 0;
  private live = true;
  /** Its share of the session's unsettled deliveries, so that a detach need not look for what is not there. */
  unsettled = 0;
  /** Messages of which the session could not send everything yet. */
  waiting = 0;
  private drainWaits = false;

  constructor(
    private readonly session: ServerSession,
    readonly name: string,
    readonly key: string,
    readonly handle: number,
    readonly attachBytes: number,
    private readonly handler: SenderHandler,
  ) {}

  get connection(): Connection {
    return this.session.connection;
  }

  get credit(): number {
    if (!this.live || this.linkCredit === 0) return 0;
    const room = this.session.room();
    if (room > 0) return Math.min(this.linkCredit, room);
    this.session.connection.starved.add(this);
    return 0;
  }

  send(message: OutgoingMessage): OutgoingDelivery {
    if (!this.live || this.linkCredit === 0) throw new Error(`There is no credit on the link ${this.name}.`);
    if (message.tag.length > maxTagBytes) throw new Error(`A delivery tag has at most ${maxTagBytes} bytes.`);
    this.linkCredit--;
    this.deliveryCount = serialAdd(this.deliveryCount, 1);
    const delivery = new SentDelivery(this, this.session.takeDeliveryId(), message.tag, !message.settled);
    if (!message.settled) {
      this.unsettled++;
      this.session.addUnsettled(delivery);
    }
    this.session.transmit(this, delivery.id, message);
    return delivery;
  }

  drained(): void {
    if (!this.live) return;
    // What was sent before must arrive before the word that there is no more.
    this.drainWaits = this.waiting > 0;
    if (this.drainWaits) return;
    this.deliveryCount = serialAdd(this.deliveryCount, this.linkCredit);
    this.linkCredit = 0;
    this.tellFlow(true);
  }

  detach(error?: AmqpError): void {
    if (!this.live) return;
    this.session.detach(this, error);
    this.dispose();
  }

  /** One of its messages has left entirely. */
  transmitted(): void {
    this.waiting--;
    if (this.drainWaits && this.waiting === 0) this.drained();
  }

  settle(delivery: SentDelivery, state: DeliveryState | undefined): void {
    if (!this.live) return;
    this.session.forgetUnsettled(delivery);
    this.session.settle(false, delivery.id, state);
  }

  /** What the peer says of a delivery. */
  onDisposition(delivery: SentDelivery, state: DeliveryState, settled: boolean): void {
    if (settled) {
      delivery.open = false;
      this.session.forgetUnsettled(delivery);
    }
    try {
      this.handler.disposition(this, delivery, state, settled);
    } catch (error) {
      this.session.connection.fault(error);
    }
  }

  onFlow(flow: Flow): void {
    if (flow.linkCredit === undefined) return;
    const limit = serialAdd(flow.deliveryCount ?? 0, flow.linkCredit);
    // A credit beyond half of the number space is a peer that means "no limit".
    const credit = flow.linkCredit > 0x7fff_ffff ? 0x7fff_ffff : serialDiff(limit, this.deliveryCount);
    this.linkCredit = Math.max(0, credit);
    this.tell(flow.drain);
    if (flow.echo && this.live) this.tellFlow(flow.drain);
  }

  /** There may be room again. */
  resume(): void {
    if (this.live && this.linkCredit > 0) this.tell(false);
  }

  onTransfer(): void {
    throw new ProtocolError(
      "session",
      "amqp:not-allowed",
      `the link ${this.name} is one on which you receive`,
    );
  }

  lost(): void {
    if (!this.live) return;
    this.dispose();
    this.session.connection.call(() => this.handler.detached(this));
  }

  dispose(): void {
    this.live = false;
    this.session.connection.starved.delete(this);
  }

  private tell(drain: boolean): void {
    try {
      this.handler.flow(this, drain);
    } catch (error) {
      this.session.connection.fault(error);
    }
  }

  private tellFlow(drain: boolean): void {
    const { handle, deliveryCount, linkCredit } = this;
    this.session.writeFlow({ handle, deliveryCount, credit: linkCredit, drain });
  }
}

/** A message that was sent. */
export class SentDelivery implements OutgoingDelivery {
  constructor(
    readonly link: EngineSender,
    readonly id: number,
    readonly tag: Uint8Array,
    /** Neither side has settled it. */
    public open: boolean,
  ) {}

  settle(state?: DeliveryState): void {
    if (!this.open) return;
    this.open = false;
    this.link.settle(this, state);
  }
}

/** AMQP 1.0 part 2.8.7. */
export const maxTagBytes = 32;
