/** A plain list that behaves like a queue: slow, obvious, and with nothing in common with the engine. */
export interface ModelMessage {
  readonly text: string;
  readonly sequence: number;
  state: "ready" | "locked" | "deferred" | "deferredLocked" | "scheduled";
  count: number;
  /** The end of the lock, or the time of the schedule. */
  untilMs: number;
  expiresMs: number;
  readonly ttlMs: number;
  /** Which lock; a settlement must name the present one. */
  lock: number;
}

export interface ModelDelivery {
  readonly sequence: number;
  readonly lock: number;
  readonly text: string;
  readonly count: number;
}

export class QueueModel {
  messages: ModelMessage[] = [];
  readonly dead: { text: string; reason: string }[] = [];
  #sequence = 0;
  #locks = 0;

  constructor(
    public nowMs: number,
    readonly lockMs: number,
    readonly maxDeliveries: number,
  ) {}

  send(text: string, ttlMs: number, delayMs = 0): number {
    this.#sequence += 1;
    this.messages.push({
      text,
      sequence: this.#sequence,
      state: delayMs > 0 ? "scheduled" : "ready",
      count: 0,
      untilMs: this.nowMs + delayMs,
      expiresMs: this.nowMs + ttlMs,
      ttlMs,
      lock: 0,
    });
    return this.#sequence;
  }

  take(max: number): ModelDelivery[] {
    const ready = this.messages.filter(({ state }) => state === "ready");
    return ready.slice(0, max).map((message) => this.#lock(message, "locked"));
  }

  takeDeferred(sequence: number): ModelDelivery | undefined {
    const found = this.messages.find(
      (message) => message.sequence === sequence && message.state === "deferred",
    );
    return found === undefined ? undefined : this.#lock(found, "deferredLocked");
  }

  /** False if the lock is lost. */
  settle(
    delivery: ModelDelivery,
    how: "complete" | "abandon" | "release" | "defer" | "deadLetter" | "renew",
  ): boolean {
    const message = this.messages.find(({ lock }) => lock === delivery.lock);
    if (message === undefined) return false;
    if (how === "complete") this.#remove(message);
    else if (how === "renew") message.untilMs = this.nowMs + this.lockMs;
    else if (how === "deadLetter") this.#bury(message, "Asked");
    else if (how === "release") this.#unlock(message, false);
    else this.#unlock(message, true, how === "defer");
    return true;
  }

  cancel(sequence: number): boolean {
    const found = this.messages.find(
      (message) => message.sequence === sequence && message.state === "scheduled",
    );
    if (found !== undefined) this.#remove(found);
    return found !== undefined;
  }

  /** Lets time pass a millisecond at a time. */
  advance(ms: number): void {
    for (let passed = 0; passed < ms; passed += 1) {
      this.nowMs += 1;
      for (const message of [...this.messages]) this.#pass(message);
    }
  }

  #pass(message: ModelMessage): void {
    const due = message.untilMs <= this.nowMs;
    if (message.state === "ready" && message.expiresMs <= this.nowMs)
      this.#bury(message, "TTLExpiredException");
    else if (message.state === "scheduled" && due) {
      this.#remove(message);
      this.send(message.text, message.ttlMs);
    } else if ((message.state === "locked" || message.state === "deferredLocked") && due)
      this.#unlock(message, true);
  }

  #lock(message: ModelMessage, state: "locked" | "deferredLocked"): ModelDelivery {
    this.#locks += 1;
    message.lock = this.#locks;
    message.state = state;
    message.untilMs = this.nowMs + this.lockMs;
    return { sequence: message.sequence, lock: message.lock, text: message.text, count: message.count };
  }

  #unlock(message: ModelMessage, counted: boolean, defer = false): void {
    message.lock = 0;
    if (counted) message.count += 1;
    if (counted && message.count >= this.maxDeliveries) this.#bury(message, "MaxDeliveryCountExceeded");
    else if (defer || message.state === "deferredLocked") message.state = "deferred";
    else if (message.expiresMs <= this.nowMs) this.#bury(message, "TTLExpiredException");
    else message.state = "ready";
  }

  #bury(message: ModelMessage, reason: string): void {
    this.#remove(message);
    this.dead.push({ text: message.text, reason });
  }

  #remove(message: ModelMessage): void {
    this.messages = this.messages.filter((other) => other !== message);
  }
}
