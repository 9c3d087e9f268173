import type {
  AmqpError,
  Connection,
  DeliveryState,
  IncomingDelivery,
  ReceiverHandler,
  ReceiverLink,
} from "./engine.js";
import type { LinkEnd } from "./link.js";
import type { Flow, Transfer } from "./performatives.js";
import { ProtocolError } from "./protocol-error.js";
import { maxTagBytes } from "./sender.js";
import { serialAdd, serialDiff } from "./serial.js";
import type { ServerSession } from "./session.js";

/** A link on which we receive. */
export class EngineReceiver implements ReceiverLink, LinkEnd {
  credit = 0;
  private live = true;
  private partial: PartialDelivery | undefined;
  /** Credit was granted that the peer has not been told of. */
  flowDue = false;

  constructor(
    private readonly session: ServerSession,
    readonly name: string,
    readonly key: string,
    readonly handle: number,
    readonly attachBytes: number,
    private deliveryCount: number,
    private readonly handler: ReceiverHandler,
  ) {}

  get connection(): Connection {
    return this.session.connection;
  }

  grant(credit: number): void {
    if (!this.live || credit <= 0) return;
    this.credit = Math.min(maxCredit, this.credit + credit);
    if (this.flowDue) return;
    this.flowDue = true;
    this.session.flowDue(this);
  }

  detach(error?: AmqpError): void {
    if (!this.live) return;
    this.session.detach(this, error);
    this.dispose();
  }

  /** Tells the peer what it may send. */
  tellFlow(): void {
    this.flowDue = false;
    if (!this.live) return;
    const { handle, deliveryCount, credit } = this;
    this.session.writeFlow({ handle, deliveryCount, credit, drain: false });
  }

  settle(id: number, state: DeliveryState): void {
    if (this.live) this.session.settle(true, id, state);
  }

  /** The peer has moved its delivery count by itself, as a sender does that gives credit back. */
  onFlow(flow: Flow): void {
    if (flow.deliveryCount !== undefined) {
      const skipped = serialDiff(flow.deliveryCount, this.deliveryCount);
      if (skipped > 0) {
        this.deliveryCount = flow.deliveryCount;
        this.credit = Math.max(0, this.credit - skipped);
      }
    }
    if (flow.echo) this.tellFlow();
  }

  onTransfer(transfer: Transfer, payload: Buffer): void {
    if (this.partial === undefined) this.first(transfer, payload);
    else this.more(this.partial, transfer, payload);
  }

  lost(): void {
    if (!this.live) return;
    this.dispose();
    this.session.connection.call(() => this.handler.detached(this));
  }

  dispose(): void {
    this.live = false;
    this.dropPartial();
  }

  private first(transfer: Transfer, payload: Buffer): void {
    const { deliveryId, tag } = transfer;
    if (this.credit === 0) {
      throw new ProtocolError(
        "link",
        "amqp:link:transfer-limit-exceeded",
        "a message was sent without credit",
      );
    }
    if (deliveryId === undefined || tag === undefined || tag.length > maxTagBytes) {
      throw new ProtocolError(
        "session",
        "amqp:invalid-field",
        "a first transfer needs a delivery-id and a tag",
      );
    }
    this.credit--;
    this.deliveryCount = serialAdd(this.deliveryCount, 1);
    if (transfer.aborted) return;
    const format = transfer.format ?? 0;
    if (!transfer.more) {
      this.deliver(new ReceivedDelivery(this, deliveryId, tag, format, payload, transfer.settled === true));
      return;
    }
    this.partial = {
      deliveryId,
      tag: Buffer.from(tag),
      format,
      settled: false,
      pieces: [],
      bytes: 0,
      weight: 0,
    };
    this.add(this.partial, transfer, payload);
  }

  private more(partial: PartialDelivery, transfer: Transfer, payload: Buffer): void {
    if (transfer.deliveryId !== undefined && transfer.deliveryId !== partial.deliveryId) {
      throw new ProtocolError(
        "session",
        "amqp:invalid-field",
        "a delivery began before the last one had ended",
      );
    }
    if (transfer.aborted) return this.dropPartial();
    this.add(partial, transfer, payload);
    if (transfer.more) return;
    const { deliveryId, tag, format, settled, pieces, bytes } = partial;
    this.dropPartial();
    this.deliver(new ReceivedDelivery(this, deliveryId, tag, format, Buffer.concat(pieces, bytes), settled));
  }

  private add(partial: PartialDelivery, transfer: Transfer, payload: Buffer): void {
    const { limits, budget } = this.session.connection.context;
    if (partial.bytes + payload.length > limits.maxMessageBytes) {
      const most = limits.maxMessageBytes;
      throw new ProtocolError("link", "amqp:link:message-size-exceeded", `a message exceeds ${most} bytes`);
    }
    // A piece of one byte costs more than its byte.
    const weight = Math.max(pieceBytes, payload.length);
    if (budget.partialBytes + weight > limits.maxPartialBytes) {
      throw new ProtocolError("connection", "amqp:resource-limit-exceeded", "too much is half sent");
    }
    budget.partialBytes += weight;
    partial.weight += weight;
    partial.bytes += payload.length;
    partial.pieces.push(payload);
    if (transfer.settled === true) partial.settled = true;
  }

  private dropPartial(): void {
    if (this.partial === undefined) return;
    this.session.connection.context.budget.partialBytes -= this.partial.weight;
    this.partial = undefined;
  }

  private deliver(delivery: ReceivedDelivery): void {
    const { connection } = this.session;
    try {
      this.handler.message(this, delivery);
    } catch (error) {
      connection.fault(error);
    }
  }
}

interface PartialDelivery {
  readonly deliveryId: number;
  readonly tag: Buffer;
  readonly format: number;
  settled: boolean;
  readonly pieces: Buffer[];
  bytes: number;
  /** What it takes of the budget. */
  weight: number;
}

class ReceivedDelivery implements IncomingDelivery {
  private open = true;

  constructor(
    private readonly link: EngineReceiver,
    private readonly id: number,
    readonly tag: Uint8Array,
    readonly format: number,
    readonly payload: Buffer,
    readonly settled: boolean,
  ) {}

  settle(state: DeliveryState): void {
    if (!this.open || this.settled) return;
    this.open = false;
    this.link.settle(this.id, state);
  }
}

const maxCredit = 0x7fff_ffff;
/** What the bookkeeping of a piece is taken to cost at least. */
const pieceBytes = 512;
