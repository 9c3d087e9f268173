/**
 * The timer of a connection: tells when it is time for a heartbeat, when the peer is silent, and when it does not read.
 * Time is counted in ticks, so that a process that was stopped for a while does not find all of its peers silent.
 */
export class Pulse {
  private readonly timer: NodeJS.Timeout;
  private silentMs = 0;
  private stuckMs = 0;
  private wrote = false;

  constructor(
    { idleMs, peerIdleMs }: { readonly idleMs: number; readonly peerIdleMs: number },
    on: { readonly beat: () => void; readonly dead: () => void; readonly isWaiting: () => boolean },
  ) {
    const beats = peerIdleMs > 0;
    // Up to two ticks may pass between two writes.
    const tickMs = Math.max(
      1,
      Math.floor(Math.min(beats ? peerIdleMs / 3 : Infinity, idleMs / 4, maxTimerMs)),
    );
    this.timer = setInterval(() => {
      this.silentMs += tickMs;
      this.stuckMs = on.isWaiting() ? this.stuckMs + tickMs : 0;
      if (this.silentMs > idleMs || this.stuckMs > idleMs) return on.dead();
      if (beats && !this.wrote) on.beat();
      this.wrote = false;
    }, tickMs).unref();
  }

  /** Something came from the peer. */
  read(): void {
    this.silentMs = 0;
  }

  /** Something is on its way to the peer. */
  written(): void {
    this.wrote = true;
  }

  /** The peer has taken something. */
  taken(): void {
    this.stuckMs = 0;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

const maxTimerMs = 0x7fff_ffff;
