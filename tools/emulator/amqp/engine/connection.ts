import type { Duplex } from "node:stream";
import type {
  AmqpError,
  AmqpValue,
  Connection,
  ConnectionHandler,
  Credentials,
  EngineLimits,
  FrameFate,
  FrameTap,
  OpenConnection,
} from "./engine.js";
import { FieldReader } from "./field-reader.js";
import { closeFrame, heartbeatFrame, openFrame } from "./frames.js";
import { Handshake } from "./handshake.js";
import { IncomingFrames } from "./incoming-frames.js";
import type { LinkEnd } from "./link.js";
import type { PendingLink } from "./link-request.js";
import { Nudge } from "./nudge.js";
import { maxPerformativeValues } from "./performatives.js";
import type { Begin, Open } from "./performatives.js";
import { ProtocolError } from "./protocol-error.js";
import { Pulse } from "./pulse.js";
import { maxSaslFrameBytes } from "./sasl.js";
import type { EngineSender } from "./sender.js";
import { ServerSession } from "./session.js";
import { Splitter, framingError } from "./splitter.js";
import { Wire } from "./wire.js";
import type { Fate, Kind } from "./wire.js";
import type { AmqpWriter } from "./writer.js";

/** What all connections of a server share. */
export interface ServerContext {
  readonly limits: EngineLimits;
  readonly containerId: string;
  readonly open: OpenConnection;
  readonly tap: FrameTap | undefined;
  /** A handler threw: a bug of ours. */
  readonly onError: (error: unknown, connection: Connection) => void;
  /** The connection's socket is closed. */
  readonly onClosed: (connection: ServerConnection) => void;
  readonly budget: { partialBytes: number };
  /** Where the delivery ids of the next session begin: see {@link ServerSession}. */
  readonly deliveryIds: { next: number };
}

/**
 * `handshake`: no AMQP header yet. `opening`: no open yet. `closing`: we have said close; the services were told that the
 * connection is gone. `gone`: the peer is not there any more.
 */
type Phase = "handshake" | "opening" | "open" | "closing" | "gone";

/** A peer's connection, from its first byte on. */
export class ServerConnection implements Connection {
  readonly id = `amqp-${++connections}`;
  hostname: string | undefined;
  containerId = "";
  properties: ReadonlyMap<string, AmqpValue> = new Map();
  handler: ConnectionHandler | undefined;
  phase: Phase = "handshake";
  peerMaxFrameBytes = minFrameBytes;
  readonly sessions = new Map<number, ServerSession>();
  /** By name and role. */
  readonly names = new Map<string, { readonly session: ServerSession; readonly link: LinkEnd }>();
  /** Links with credit that could not send for want of room. */
  readonly starved = new Set<EngineSender>();
  /** Over all sessions, deliveries that the peer has not settled. */
  unsettled = 0;
  linkCount = 0;
  attachBytes = 0;

  private readonly wire: Wire;
  private readonly handshake: Handshake;
  private readonly splitter: Splitter;
  private readonly dueSessions = new Set<ServerSession>();
  private tasks: (() => void)[] = [];
  private turnDue = false;
  private saidOpen = false;
  private toldEnd = false;
  private pulse: Pulse | undefined;
  private readonly nudge = new Nudge(() => this.write("empty", 0, heartbeatFrame()));
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly stream: Duplex,
    readonly context: ServerContext,
  ) {
    const { limits, tap } = context;
    const reader = new FieldReader({ maxDepth: limits.maxDepth, maxValues: maxPerformativeValues });
    const frames = new IncomingFrames(this, reader);
    this.wire = new Wire(stream, {
      maxUnreadBytes: limits.maxUnreadBytes,
      fate: tap === undefined ? undefined : this.fate(tap),
      onFrame: (frame) => this.guarded(() => frames.take(frame)),
      onTaken: () => this.onTaken(),
      onDirty: () => this.schedule(),
    });
    this.handshake = new Handshake(this.wire, reader);
    this.splitter = new Splitter(
      (unit) =>
        this.phase === "handshake" ? this.onHandshake(unit) : this.wire.receive(unit, frames.kindOf),
      () => (this.phase === "handshake" ? maxSaslFrameBytes : limits.maxFrameBytes),
    );
    this.cutIn(limits.handshakeMs);
    this.listen();
  }

  get credentials(): Credentials | undefined {
    return this.handshake.credentials;
  }

  get handleMax(): number {
    return this.context.limits.maxLinks + refusedLinks;
  }

  close(error?: AmqpError): void {
    if (this.phase === "closing" || this.phase === "gone") return;
    if (this.phase === "handshake") return this.cut();
    // A close must not come before an open, not even ours.
    this.sayOpen();
    for (const session of this.sessions.values()) session.writeDue();
    this.write("close", 0, closeFrame(error));
    this.phase = "closing";
    this.cutIn(this.context.limits.closeMs);
    this.later(() => this.tellEnd());
  }

  cut(): void {
    this.stream.destroy();
  }

  /** A handler threw. */
  fault(error: unknown): void {
    this.context.onError(error, this);
    this.close({
      condition: "amqp:internal-error",
      description: "The server made a mistake; its log tells which.",
    });
  }

  /** What the peer has not read yet, as far as we know of it. */
  get unreadBytes(): number {
    return this.wire.unreadBytes;
  }

  /** We do not listen, because the peer does not read. */
  get isDeaf(): boolean {
    return this.stream.isPaused();
  }

  /** Takes bytes of the peer's. Whatever is wrong with them stays in this connection. */
  receive(chunk: Buffer): void {
    this.pulse?.read();
    if (this.phase === "open") this.nudge.read();
    this.guarded(() => this.splitter.push(chunk));
  }

  /** Calls a handler. */
  call(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.fault(error);
    }
  }

  /** Calls a handler in the next turn, outside of whatever is going on. */
  later(task: () => void): void {
    this.tasks.push(task);
    this.schedule();
  }

  /** The session has something to write at the end of the turn. */
  due(session: ServerSession): void {
    this.dueSessions.add(session);
    this.schedule();
  }

  /** How many messages may be sent now. */
  room(): number {
    const { maxUnreadBytes, maxUnsettled } = this.context.limits;
    if (this.phase !== "open" || this.wire.unreadBytes >= maxUnreadBytes) return 0;
    return Math.max(0, maxUnsettled - this.unsettled);
  }

  /** There may be room where there was none. */
  roomier(): void {
    if (this.starved.size > 0) this.schedule();
  }

  /**
   * Decides whether there may be another link, and returns why not.
   * @throws {ProtocolError} There are too many that were refused.
   */
  admit(link: PendingLink): AmqpError | undefined {
    const { maxLinks, maxAttachBytes } = this.context.limits;
    const condition = "amqp:resource-limit-exceeded";
    if (this.linkCount >= maxLinks + refusedLinks)
      throw new ProtocolError("connection", condition, "too many links");
    if (this.linkCount >= maxLinks)
      return { condition, description: `A connection has at most ${maxLinks} links.` };
    if (this.attachBytes + link.attachBytes <= maxAttachBytes) return undefined;
    return {
      condition,
      description: `The links of a connection have at most ${maxAttachBytes} bytes of attaches.`,
    };
  }

  write(kind: Kind, channel: number, frame: AmqpWriter): void {
    if (this.phase === "opening" || this.phase === "open") this.wire.write(kind, channel, frame);
  }

  writeTransfer(channel: number, head: AmqpWriter, payload: readonly Uint8Array[]): void {
    if (this.phase === "open") this.wire.writeTransfer(channel, head, payload);
  }

  onOpen(open: Open): void {
    const { limits } = this.context;
    if (open.maxFrameSize < minFrameBytes) {
      throw new ProtocolError("connection", "amqp:invalid-field", `max-frame-size is below ${minFrameBytes}`);
    }
    if (open.idleTimeoutMs > 0 && open.idleTimeoutMs < minIdleMs) {
      throw new ProtocolError("connection", "amqp:not-allowed", `idle-time-out is below ${minIdleMs} ms`);
    }
    clearTimeout(this.timer);
    this.hostname = open.hostname;
    this.containerId = open.containerId;
    this.properties = open.properties;
    this.peerMaxFrameBytes = Math.min(open.maxFrameSize, limits.maxFrameBytes);
    this.sayOpen();
    this.phase = "open";
    this.pulse = new Pulse(
      { idleMs: limits.idleMs, peerIdleMs: open.idleTimeoutMs },
      {
        beat: () => this.write("empty", 0, heartbeatFrame()),
        dead: () => this.onDead(),
        isWaiting: () => this.wire.unreadBytes > 0,
      },
    );
    this.call(() => {
      this.handler = this.context.open(this);
    });
  }

  onBegin(channel: number, begin: Begin): void {
    if (channel >= this.context.limits.maxSessions) {
      throw new ProtocolError("connection", framingError, "the channel exceeds channel-max");
    }
    if (begin.remoteChannel !== undefined || this.sessions.has(channel)) {
      throw new ProtocolError(
        "connection",
        "amqp:not-allowed",
        `the channel ${channel} cannot begin a session`,
      );
    }
    this.sessions.set(channel, new ServerSession(this, channel, begin));
  }

  /** The peer says goodbye, or answers ours. */
  onClose(): void {
    if (this.phase !== "closing") {
      this.sayOpen();
      for (const session of this.sessions.values()) session.refusePending();
      this.write("close", 0, closeFrame());
      this.phase = "closing";
      this.cutIn(this.context.limits.closeMs);
      this.tellEnd();
    }
    this.wire.end();
  }

  private listen(): void {
    const { stream } = this;
    stream.on("data", (chunk: Buffer) => this.receive(chunk));
    stream.on("end", () => {
      this.onGone();
      this.wire.end();
    });
    stream.on("error", () => this.cut());
    stream.on("close", () => {
      this.onGone();
      clearTimeout(this.timer);
      this.wire.clear();
      this.context.onClosed(this);
    });
  }

  /** Does what a peer's bytes ask for. Whatever goes wrong stays here. */
  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof ProtocolError)
        this.close({ condition: error.condition, description: error.message });
      else this.fault(error);
      // What follows cannot be understood any more, not even an answer to our close.
      this.splitter.stop();
      this.wire.end();
    }
  }

  private onHandshake(unit: Buffer): void {
    const state = this.handshake.take(unit);
    this.splitter.header = state !== "done" && this.handshake.awaitsHeader;
    if (state === "done") this.phase = "opening";
    if (state !== "refused") return;
    this.splitter.stop();
    this.wire.end();
    this.cutIn(this.context.limits.closeMs);
  }

  private sayOpen(): void {
    if (this.saidOpen) return;
    this.saidOpen = true;
    const { containerId, limits } = this.context;
    const { maxFrameBytes, maxSessions, idleMs } = limits;
    const channelMax = Math.min(0xffff, maxSessions - 1);
    const idleTimeoutMs = Math.floor(idleMs / 2);
    this.write("open", 0, openFrame({ containerId, maxFrameBytes, channelMax, idleTimeoutMs }));
  }

  private fate(tap: FrameTap): Fate {
    return (direction, kind, channel, bytes) => {
      let fate: FrameFate = "pass";
      this.call(() => {
        fate = tap({ connection: this, direction, kind, channel, bytes });
      });
      return fate;
    };
  }

  private onTaken(): void {
    this.pulse?.taken();
    this.roomier();
  }

  /** The peer is silent, or does not read. */
  private onDead(): void {
    const description = `Nothing was heard of you, or taken by you, for ${this.context.limits.idleMs} ms.`;
    this.close({ condition: "amqp:resource-limit-exceeded", description });
    this.wire.end();
  }

  private onGone(): void {
    this.phase = "gone";
    this.pulse?.stop();
    this.nudge.stop();
    this.splitter.stop();
    this.cutIn(this.context.limits.closeMs);
    this.tellEnd();
  }

  /** Tells the services that the connection is no more. */
  private tellEnd(): void {
    if (this.toldEnd) return;
    this.toldEnd = true;
    this.pulse?.stop();
    for (const session of this.sessions.values()) session.lose();
    this.sessions.clear();
    const { handler } = this;
    if (handler !== undefined) this.call(() => handler.closed());
  }

  /** Cuts the connection off unless it has ended by then. Replaces an earlier plan. */
  private cutIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.cut(), ms).unref();
  }

  private schedule(): void {
    if (this.turnDue) return;
    this.turnDue = true;
    setImmediate(() => this.turn());
  }

  /** Once per turn of the event loop: what was put off, and one write. */
  private turn(): void {
    this.turnDue = false;
    const { tasks } = this;
    this.tasks = [];
    for (const task of tasks) this.call(task);
    this.feed();
    for (const session of this.dueSessions) session.writeDue();
    this.dueSessions.clear();
    if (!this.wire.flush()) return;
    this.pulse?.written();
    this.nudge.written();
  }

  /** Tells links that had to wait for room that there is some. */
  private feed(): void {
    // Not before half of it is read, lest every message is its own turn.
    const low = this.context.limits.maxUnreadBytes / 2;
    if (this.starved.size === 0 || this.room() === 0 || this.wire.unreadBytes > low) return;
    const links = [...this.starved];
    this.starved.clear();
    for (const link of links) link.resume();
  }
}

let connections = 0;

/** AMQP 1.0 part 2.4.1: every peer takes frames of this size. */
const minFrameBytes = 512;
/** Shorter silences than this are not promised. */
const minIdleMs = 100;
/** Links that were refused, and whose refusal the peer has not answered. */
const refusedLinks = 64;
