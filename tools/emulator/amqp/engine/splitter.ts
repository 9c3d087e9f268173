import { ProtocolError } from "./protocol-error.js";

/**
 * Cuts a byte stream into protocol headers (8 bytes) and frames (their size in front). A unit that lies within one chunk
 * is passed on as a view of it; only one that is spread over chunks is copied, into a buffer that grows with what came
 * and not with what was announced.
 */
export class Splitter {
  /** The next unit is a protocol header. */
  header = true;
  private partial: Buffer | undefined;
  private filled = 0;
  private stopped = false;

  constructor(
    private readonly onUnit: (unit: Buffer) => void,
    /** Read before each frame. */
    private readonly maxFrameBytes: () => number,
  ) {}

  /** @throws {ProtocolError} A frame is too large or too small, and whatever `onUnit` throws. */
  push(chunk: Buffer): void {
    let position = this.filled > 0 ? this.complete(chunk) : 0;
    while (!this.stopped && position < chunk.length) {
      const size = this.unitSize(chunk, position, chunk.length - position);
      if (size === undefined || position + size > chunk.length) {
        this.keep(chunk, position, chunk.length, size);
        return;
      }
      this.onUnit(chunk.subarray(position, position + size));
      position += size;
    }
  }

  /** Passes on nothing more. */
  stop(): void {
    this.stopped = true;
    this.partial = undefined;
    this.filled = 0;
  }

  /** Fills up the unit that was begun in an earlier chunk, and returns where the rest begins. */
  private complete(chunk: Buffer): number {
    let position = 0;
    let size = this.unitSize(this.partial!, 0, this.filled);
    while (size === undefined && position < chunk.length) {
      this.keep(chunk, position, ++position);
      size = this.unitSize(this.partial!, 0, this.filled);
    }
    if (size === undefined) return position;
    const end = Math.min(chunk.length, position + size - this.filled);
    this.keep(chunk, position, end, size);
    if (this.filled < size) return end;
    const unit = this.partial!.subarray(0, size);
    this.partial = undefined;
    this.filled = 0;
    this.onUnit(unit);
    return end;
  }

  private unitSize(bytes: Buffer, position: number, available: number): number | undefined {
    if (this.header) return 8;
    if (available < 4) return undefined;
    const size = bytes.readUInt32BE(position);
    if (size < 8) throw new ProtocolError("connection", framingError, `a frame of ${size} bytes is no frame`);
    const most = this.maxFrameBytes();
    if (size <= most) return size;
    throw new ProtocolError(
      "connection",
      framingError,
      `a frame of ${size} bytes exceeds the limit of ${most}`,
    );
  }

  private keep(chunk: Buffer, from: number, to: number, size = 0): void {
    const needed = this.filled + to - from;
    if (this.partial === undefined || this.partial.length < needed) {
      // The whole frame at once as soon as a good part of it is there.
      const larger = Buffer.allocUnsafe(Math.max(Math.min(size, needed * 4), needed, this.filled * 2, 16));
      this.partial?.copy(larger, 0, 0, this.filled);
      this.partial = larger;
    }
    chunk.copy(this.partial, this.filled, from, to);
    this.filled = needed;
  }
}

export const framingError = "amqp:connection:framing-error";
