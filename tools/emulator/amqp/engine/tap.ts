import type { FrameFate } from "./engine.js";

/**
 * One direction of a connection under a tap. Keeps the order: behind a frame that is held back everything waits, as it
 * would in TCP.
 */
export class Lane {
  /** Bytes that are held back. */
  heldBytes = 0;
  private readonly held: Held[] = [];
  private timer: NodeJS.Timeout | undefined;
  private dueAt = 0;

  constructor(
    private readonly deliver: (bytes: Buffer) => void,
    /** Something that was held back has been let go. */
    private readonly onRelease: () => void,
  ) {}

  push(bytes: Buffer, fate: FrameFate): void {
    const delayMs = typeof fate === "object" && "delayMs" in fate ? fate.delayMs : 0;
    if (this.held.length === 0 && delayMs <= 0) {
      this.apply(bytes, fate);
      return;
    }
    this.dueAt = Math.max(this.dueAt, performance.now() + delayMs);
    this.held.push({ bytes, fate, dueAt: this.dueAt });
    this.heldBytes += bytes.length;
    this.arm();
  }

  /** Forgets what is held back. */
  clear(): void {
    clearTimeout(this.timer);
    this.held.length = 0;
    this.heldBytes = 0;
  }

  private arm(): void {
    const next = this.held[0];
    if (this.timer !== undefined || next === undefined) return;
    const waitMs = Math.max(0, Math.ceil(next.dueAt - performance.now()));
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.release();
    }, waitMs);
  }

  private release(): void {
    const now = performance.now();
    while (this.held.length > 0 && this.held[0]!.dueAt <= now) {
      const { bytes, fate } = this.held.shift()!;
      this.heldBytes -= bytes.length;
      this.apply(bytes, fate);
    }
    this.onRelease();
    this.arm();
  }

  private apply(bytes: Buffer, fate: FrameFate): void {
    if (fate === "drop") return;
    if (typeof fate === "object" && "replaceWith" in fate) return this.deliver(Buffer.from(fate.replaceWith));
    this.deliver(bytes);
    if (fate === "duplicate") this.deliver(bytes);
  }
}

interface Held {
  readonly bytes: Buffer;
  readonly fate: FrameFate;
  readonly dueAt: number;
}
