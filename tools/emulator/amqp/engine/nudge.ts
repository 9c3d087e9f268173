/**
 * Writes an empty frame when something was read and nothing written for a moment, so that the peer need not wait.
 *
 * rhea, and with it Microsoft's client, leaves Nagle's algorithm on: a short write of the client's stays back until our
 * system has acknowledged the one before, and our system puts that off by 40 ms in case there is something to send along.
 * A client that says something which nobody answers, as the settling of an answer, and then begins a session would wait
 * that long at each sender and receiver that it opens.
 */
export class Nudge {
  private timer: NodeJS.Timeout | undefined;
  private unanswered = false;

  constructor(private readonly beat: () => void) {}

  /** Something came from the peer. */
  read(): void {
    this.unanswered = true;
    // One at a time: a stream of messages costs no more than a frame in a millisecond.
    this.timer ??= setTimeout(() => this.due(), momentMs).unref();
  }

  /** Something is on its way to the peer, and the acknowledgement with it. */
  written(): void {
    this.unanswered = false;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.unanswered = false;
  }

  private due(): void {
    this.timer = undefined;
    if (!this.unanswered) return;
    this.unanswered = false;
    this.beat();
  }
}

const momentMs = 1;
