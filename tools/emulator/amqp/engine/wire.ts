import type { Duplex } from "node:stream";
import type { FrameFate, TappedFrame } from "./engine.js";
import { Outbox } from "./outbox.js";
import { Lane } from "./tap.js";
import type { AmqpWriter } from "./writer.js";

export type Kind = TappedFrame["kind"];

/** Decides what becomes of a frame; see `FrameTap`. */
export type Fate = (direction: "in" | "out", kind: Kind, channel: number, bytes: Buffer) => FrameFate;

export interface WireOptions {
  readonly maxUnreadBytes: number;
  /** Without one, frames just pass. */
  readonly fate: Fate | undefined;
  /** A frame has come through the tap. */
  readonly onFrame: (frame: Buffer) => void;
  /** The peer has taken something. */
  readonly onTaken: () => void;
  /** There is something to write. */
  readonly onDirty: () => void;
}

/** The socket's side of a connection: gathers what is written, lets frames through the tap, and stops a flood. */
export class Wire {
  private readonly outbox: Outbox;
  private readonly incoming: Lane | undefined;
  private readonly outgoing: Lane | undefined;
  private ending = false;

  constructor(
    private readonly stream: Duplex,
    private readonly options: WireOptions,
  ) {
    this.outbox = new Outbox(stream, () => {
      options.onTaken();
      this.balance();
    });
    if (options.fate === undefined) return;
    this.incoming = new Lane(options.onFrame, () => this.balance());
    this.outgoing = new Lane(
      (bytes) => this.append(bytes),
      () => this.released(),
    );
  }

  /** What the peer has not read: here, and in the socket on our side. */
  get unreadBytes(): number {
    return this.outbox.unreadBytes + (this.outgoing?.heldBytes ?? 0);
  }

  /** Passes on what came, through the tap. `kind` is called only if there is one. */
  receive(frame: Buffer, kind: (frame: Buffer) => Kind | undefined): void {
    const { fate, onFrame } = this.options;
    const what = fate === undefined ? undefined : kind(frame);
    if (what === undefined || fate === undefined) return onFrame(frame);
    this.incoming?.push(frame, fate("in", what, frame.readUInt16BE(6), frame));
  }

  write(kind: Kind, channel: number, frame: AmqpWriter): void {
    if (this.outgoing === undefined) return this.appendFrame(frame);
    const bytes = Buffer.from(frame.view());
    this.outgoing.push(bytes, this.options.fate?.("out", kind, channel, bytes) ?? "pass");
  }

  writeTransfer(channel: number, head: AmqpWriter, payload: readonly Uint8Array[]): void {
    if (this.outgoing !== undefined) {
      const bytes = Buffer.concat([head.view(), ...payload]);
      this.outgoing.push(bytes, this.options.fate?.("out", "transfer", channel, bytes) ?? "pass");
      return;
    }
    this.appendFrame(head);
    for (const part of payload) this.outbox.append(part);
  }

  /** Writes bytes as they are. */
  append(bytes: Buffer): void {
    this.outbox.append(bytes);
    this.options.onDirty();
  }

  /** Writes a frame past the tap. */
  appendFrame(frame: AmqpWriter): void {
    this.outbox.appendCopy(frame.bytes, frame.position);
    this.options.onDirty();
  }

  /** Hands what was written to the socket. Returns whether there was something. */
  flush(): boolean {
    const dirty = !this.outbox.isEmpty;
    if (dirty && !this.stream.destroyed) this.outbox.flush();
    this.balance();
    return dirty;
  }

  /** Writes what there is, and no more after it. */
  end(): void {
    this.ending = true;
    // What the tap holds back comes first.
    if ((this.outgoing?.heldBytes ?? 0) > 0) return;
    this.flush();
    this.stream.end();
  }

  clear(): void {
    this.incoming?.clear();
    this.outgoing?.clear();
  }

  private released(): void {
    if (this.ending) this.end();
    else this.balance();
  }

  /** Who does not read our answers is not listened to either: else answers would pile up without end. */
  private balance(): void {
    const { stream } = this;
    if (stream.destroyed) return;
    const { maxUnreadBytes } = this.options;
    const held = this.incoming?.heldBytes ?? 0;
    const flooded = this.unreadBytes > maxUnreadBytes * 2 || held > maxUnreadBytes;
    if (flooded && !stream.isPaused()) stream.pause();
    else if (!flooded && stream.isPaused()) stream.resume();
  }
}
