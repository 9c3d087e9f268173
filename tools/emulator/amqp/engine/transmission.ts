import type { ServerConnection } from "./connection.js";
import type { OutgoingMessage } from "./engine.js";
import { continuationHead, sizeTransfer, transferHead } from "./frames.js";
import type { LinkEnd } from "./link.js";
import type { Flow } from "./performatives.js";
import type { EngineSender } from "./sender.js";
import { serialAdd, serialDiff } from "./serial.js";

/** The outgoing half of a session: cuts messages into frames, and holds back what the peer's window does not take. */
export class Transmission {
  nextOutgoingId = 0;
  private waiting: Waiting[] = [];

  constructor(
    private readonly connection: ServerConnection,
    private readonly channel: number,
    private window: number,
  ) {}

  /** The peer takes no frame now. */
  get blocked(): boolean {
    return this.window === 0 || this.waiting.length > 0;
  }

  send(link: EngineSender, id: number, message: OutgoingMessage): void {
    if (!this.blocked && this.sendWhole(link, id, message)) return;
    const payload = new PayloadCursor(message.payload);
    const waiting: Waiting = { link, id, message, payload, begun: false };
    link.waiting++;
    this.waiting.push(waiting);
    if (this.waiting.length === 1) this.pump();
  }

  onFlow(flow: Flow): void {
    const limit = serialAdd(flow.nextIncomingId ?? 0, flow.incomingWindow);
    this.window =
      flow.incomingWindow > 0x7fff_ffff ? 0x7fff_ffff : Math.max(0, serialDiff(limit, this.nextOutgoingId));
    this.pump();
  }

  /** The link is no more: what of its messages has not left never will. */
  drop(link: LinkEnd): void {
    if (this.waiting.length > 0) this.waiting = this.waiting.filter((waiting) => waiting.link !== link);
  }

  clear(): void {
    this.waiting = [];
  }

  private pump(): void {
    while (this.window > 0) {
      const next = this.waiting[0];
      if (next === undefined) return;
      this.sendFrame(next);
      if (next.payload.left > 0) continue;
      this.waiting.shift();
      next.link.transmitted();
    }
  }

  /** The usual case: the message fits one frame. */
  private sendWhole(link: EngineSender, id: number, message: OutgoingMessage): boolean {
    let bytes = 0;
    for (const part of message.payload) bytes += part.length;
    if (bytes + maxHeadBytes > this.connection.peerMaxFrameBytes) return false;
    const head = transferHead(this.channel, link.handle, id, message);
    sizeTransfer(head, bytes, false);
    this.count();
    this.connection.writeTransfer(this.channel, head, message.payload);
    return true;
  }

  private sendFrame(waiting: Waiting): void {
    const { link, id, message, payload } = waiting;
    const head = waiting.begun
      ? continuationHead(this.channel, link.handle, id)
      : transferHead(this.channel, link.handle, id, message);
    waiting.begun = true;
    const parts = payload.take(this.connection.peerMaxFrameBytes - head.position);
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    sizeTransfer(head, bytes, payload.left > 0);
    this.count();
    this.connection.writeTransfer(this.channel, head, parts);
  }

  private count(): void {
    this.window--;
    this.nextOutgoingId = serialAdd(this.nextOutgoingId, 1);
  }
}

interface Waiting {
  readonly link: EngineSender;
  readonly id: number;
  readonly message: OutgoingMessage;
  readonly payload: PayloadCursor;
  /** Its first frame has left. */
  begun: boolean;
}

/** Takes a payload in pieces, without copying it. */
class PayloadCursor {
  left: number;
  private part = 0;
  private offset = 0;

  constructor(private readonly parts: readonly Uint8Array[]) {
    this.left = parts.reduce((sum, part) => sum + part.length, 0);
  }

  take(most: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    for (let room = most; room > 0 && this.left > 0;) {
      const part = this.parts[this.part]!;
      const piece = part.subarray(this.offset, this.offset + room);
      taken.push(piece);
      this.offset += piece.length;
      this.left -= piece.length;
      room -= piece.length;
      if (this.offset < part.length) continue;
      this.part++;
      this.offset = 0;
    }
    return taken;
  }
}

/** No head of a transfer is longer: handle, delivery-id and format of five bytes each, a tag of 34. */
const maxHeadBytes = 80;
