import type { Socket } from "node:net";
import { realRuntime } from "waybill/store";
import type { Direction, Poison } from "./toxics.js";

/** What a pipe stands between, and who tells it what to do. */
export interface PipeParts {
  readonly direction: Direction;
  readonly source: Socket;
  readonly target: Socket;
  readonly poisons: () => readonly Poison[];
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Something was swallowed: the connection cannot be made good. */
  readonly swallowed: (poison: Poison) => void;
  /** Ends both ends at once. */
  readonly reset: () => void;
}

/** One direction of a connection through a proxy. Reads no faster than its toxics let it write. */
export class Pipe {
  readonly #parts: PipeParts;
  readonly #passed = new WeakMap<Poison, number>();
  #work: Promise<void> = Promise.resolve();

  constructor(parts: PipeParts) {
    this.#parts = parts;
    const { source } = parts;
    source.on("data", (chunk: Buffer) => {
      source.pause();
      const arrivedMs = elapsed();
      this.#work = this.#work.then(() => this.#pass(chunk, arrivedMs)).then(() => void source.resume());
    });
    source.on("end", () => {
      this.#work = this.#work.then(() => this.#end());
    });
  }

  async #pass(chunk: Buffer, arrivedMs: number): Promise<void> {
    let pieces: readonly Buffer[] = [chunk];
    for (const poison of this.#active()) {
      const { toxic } = poison;
      switch (toxic.kind) {
        case "latency":
          await this.#wait(poison, arrivedMs + toxic.delayMs + (toxic.jitterMs ?? 0) * this.#signed());
          break;
        case "timeout":
          poison.strike();
          this.#parts.swallowed(poison);
          return;
        case "slicer":
          poison.strike();
          pieces = pieces.flatMap((piece) => sliced(piece, toxic.bytes));
          break;
        case "bandwidth":
          pieces = pieces.flatMap((piece) =>
            sliced(piece, Math.max(1, toxic.bytesPerSecond / ticksPerSecond)),
          );
          break;
        case "limitData":
        case "resetPeer":
        case "slowClose":
          break;
      }
    }
    for (const piece of pieces) if (!(await this.#write(piece))) return;
  }

  /** Answers whether the connection goes on. */
  async #write(piece: Buffer): Promise<boolean> {
    const { target, reset } = this.#parts;
    for (const poison of this.#active()) {
      const { toxic } = poison;
      if (toxic.kind === "timeout") {
        poison.strike();
        this.#parts.swallowed(poison);
        return false;
      }
      if (toxic.kind === "bandwidth")
        await this.#wait(poison, elapsed() + (1_000 * piece.length) / toxic.bytesPerSecond);
      if (toxic.kind !== "resetPeer" && toxic.kind !== "limitData") continue;
      const limit = toxic.kind === "resetPeer" ? toxic.afterBytes : toxic.bytes;
      const before = this.#passed.get(poison) ?? 0;
      this.#passed.set(poison, before + piece.length);
      if (before + piece.length <= limit) continue;
      poison.strike();
      const rest = piece.subarray(0, Math.max(0, limit - before));
      if (toxic.kind === "resetPeer") await flushed(target, rest).then(reset);
      else target.end(rest);
      return false;
    }
    await flushed(target, piece);
    return !target.destroyed;
  }

  async #end(): Promise<void> {
    for (const poison of this.#active()) {
      if (poison.toxic.kind === "slowClose") await this.#wait(poison, elapsed() + poison.toxic.delayMs);
      if (poison.toxic.kind !== "timeout") continue;
      poison.strike();
      this.#parts.swallowed(poison);
      return;
    }
    this.#parts.target.end();
  }

  #active(): readonly Poison[] {
    return this.#parts.poisons().filter((poison) => poison.fits(this.#parts.direction));
  }

  #signed(): number {
    return 2 * this.#parts.random() - 1;
  }

  async #wait(poison: Poison, untilMs: number): Promise<void> {
    const leftMs = untilMs - elapsed();
    if (leftMs <= 0) return;
    poison.strike();
    await new Promise<void>((resolve) => void after(leftMs, resolve));
  }
}

const { after, elapsed } = realRuntime();

/** How finely a narrow line is measured out. */
const ticksPerSecond = 20;

function sliced(piece: Buffer, size: number): readonly Buffer[] {
  const step = Math.floor(size);
  return Array.from({ length: Math.ceil(piece.length / step) }, (_, at) =>
    piece.subarray(at * step, (at + 1) * step),
  );
}

/** Resolves when it has left this process, or cannot any more. */
const flushed = (target: Socket, piece: Buffer): Promise<void> =>
  new Promise((resolve) => {
    if (target.destroyed) resolve();
    else target.write(piece, () => resolve());
  });
