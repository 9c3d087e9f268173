import type { Duplex } from "node:stream";

/**
 * Collects what is to be written and hands it to the socket in one write per turn. Short pieces are copied side by side
 * into chunks, long ones passed on as they are.
 */
export class Outbox {
  private readonly ready: Uint8Array[] = [];
  private chunk: Buffer = noBytes;
  private used = 0;
  private sealed = 0;
  private collected = 0;
  private chunkBytes = smallestChunk;

  constructor(
    private readonly stream: Duplex,
    /** Called when a write has left for the system. */
    private readonly onWritten: () => void,
  ) {}

  /** What was collected and what the socket has not taken yet. */
  get unreadBytes(): number {
    return this.collected + this.stream.writableLength;
  }

  get isEmpty(): boolean {
    return this.collected === 0;
  }

  append(bytes: Uint8Array, length = bytes.length): void {
    this.collected += length;
    if (length >= longBytes) {
      this.seal();
      this.ready.push(length === bytes.length ? bytes : bytes.subarray(0, length));
      return;
    }
    if (this.used + length > this.chunk.length) this.nextChunk(length);
    if (length === bytes.length) this.chunk.set(bytes, this.used);
    else this.chunk.set(bytes.subarray(0, length), this.used);
    this.used += length;
  }

  /** The same for bytes that are overwritten afterwards. */
  appendCopy(bytes: Buffer, length: number): void {
    if (length >= longBytes) this.append(Buffer.from(bytes.subarray(0, length)));
    else this.append(bytes, length);
  }

  flush(): void {
    if (this.collected === 0) return;
    this.seal();
    const { stream, ready } = this;
    const last = ready.length - 1;
    if (last > 0) stream.cork();
    for (let i = 0; i < last; i++) stream.write(ready[i]);
    stream.write(ready[last], this.onWritten);
    if (last > 0) stream.uncork();
    this.collected = 0;
    ready.length = 0;
    // An idle connection holds no chunk; a busy one begins the next turn with one that fits.
    this.chunk = noBytes;
    this.used = this.sealed = 0;
  }

  private seal(): void {
    if (this.used === this.sealed) return;
    this.ready.push(this.chunk.subarray(this.sealed, this.used));
    this.sealed = this.used;
  }

  private nextChunk(length: number): void {
    this.seal();
    if (this.chunk.length > 0) this.chunkBytes = Math.min(largestChunk, this.chunkBytes * 2);
    else this.chunkBytes = Math.max(smallestChunk, this.chunkBytes >>> 1);
    this.chunk = Buffer.allocUnsafe(Math.max(length, this.chunkBytes));
    this.used = this.sealed = 0;
  }
}

const noBytes = Buffer.alloc(0);
const smallestChunk = 1_024;
const largestChunk = 65_536;
/** From here on, a separate piece of a write is cheaper than a copy. */
const longBytes = 8_192;
