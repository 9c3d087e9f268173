import type { ServerConnection } from "./connection.js";
import type { FieldReader } from "./field-reader.js";
import { frameBody } from "./handshake.js";
import * as read from "./performatives.js";
import { AmqpDecodeError, ProtocolError } from "./protocol-error.js";
import type { ServerSession } from "./session.js";
import type { Kind } from "./wire.js";

/** Reads the frames of a connection and passes them to whom they concern. */
export class IncomingFrames {
  constructor(
    private readonly connection: ServerConnection,
    private readonly reader: FieldReader,
  ) {}

  /** @throws {ProtocolError} The connection cannot go on. */
  take(frame: Buffer): void {
    const { connection, reader } = this;
    const body = frameBody(frame, 0x00);
    if (body === frame.length || connection.phase === "gone") return;
    const code = reader.reset(frame, body).openComposite();
    if (connection.phase === "closing") {
      if (code === read.performative.close) connection.onClose();
      return;
    }
    if (code === read.performative.open) return this.open();
    if (code === read.performative.close) return connection.onClose();
    if (connection.phase !== "open") throw notAllowed("open was not said yet");
    const channel = frame.readUInt16BE(6);
    if (code === read.performative.begin) return connection.onBegin(channel, read.readBegin(reader));
    this.session(code, channel, frame);
  }

  /** What kind of frame it is, for the tap; undefined if it is none. */
  readonly kindOf = (frame: Buffer): Kind | undefined => {
    const body = frame[4]! * 4;
    if (body >= frame.length) return body === frame.length ? "empty" : undefined;
    try {
      return kinds.get(this.reader.reset(frame, body).openComposite());
    } catch {
      return undefined;
    }
  };

  private open(): void {
    if (this.connection.phase !== "opening") throw notAllowed("open was said before");
    this.connection.onOpen(read.readOpen(this.reader));
  }

  private session(code: number, channel: number, frame: Buffer): void {
    const session = this.connection.sessions.get(channel);
    if (session === undefined) throw notAllowed(`no session has the channel ${channel}`);
    try {
      this.dispatch(code, session, frame);
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.scope === "connection") throw error;
      session.end({ condition: error.condition, description: error.message });
    }
  }

  private dispatch(code: number, session: ServerSession, frame: Buffer): void {
    const { reader } = this;
    switch (code) {
      case read.performative.transfer: {
        const transfer = read.readTransfer(reader);
        return session.onTransfer(transfer, frame.subarray(reader.closeComposite()));
      }
      case read.performative.flow:
        return session.onFlow(read.readFlow(reader));
      case read.performative.disposition:
        return session.onDisposition(read.readDisposition(reader));
      case read.performative.attach:
        return session.onAttach(read.readAttach(reader), frame.length);
      case read.performative.detach:
        return session.onDetach(read.readDetach(reader));
      case read.performative.end:
        session.onEnd();
        this.connection.sessions.delete(session.channel);
        return;
      default:
        throw new AmqpDecodeError("a performative is unknown");
    }
  }
}

const kinds = new Map<number, Kind>(
  (Object.keys(read.performative) as (keyof typeof read.performative)[]).map((kind) => [
    read.performative[kind],
    kind,
  ]),
);

const notAllowed = (description: string): ProtocolError =>
  new ProtocolError("connection", "amqp:not-allowed", description);
