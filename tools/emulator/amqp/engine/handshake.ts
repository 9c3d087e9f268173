import type { Credentials } from "./engine.js";
import type { FieldReader } from "./field-reader.js";
import { saslMechanisms, saslOutcome } from "./frames.js";
import { ProtocolError } from "./protocol-error.js";
import { readSaslInit, saslMechanismNames } from "./sasl.js";
import { framingError } from "./splitter.js";
import type { Wire } from "./wire.js";

/** What is said before `open`: protocol headers, and SASL if the peer wants it (AMQP 1.0 parts 2.2 and 5.3). */
export class Handshake {
  /** What the peer said in SASL. */
  credentials: Credentials | undefined;
  private awaited: "header" | "sasl-init" = "header";

  constructor(
    private readonly wire: Wire,
    private readonly reader: FieldReader,
  ) {}

  /** The next unit is a protocol header, not a frame. */
  get awaitsHeader(): boolean {
    return this.awaited === "header";
  }

  /**
   * Takes a header or a SASL frame.
   * @returns `done` when frames of AMQP follow, `refused` when the peer was told why not.
   * @throws {ProtocolError} It is no SASL frame.
   */
  take(unit: Buffer): "more" | "done" | "refused" {
    return this.awaited === "header" ? this.takeHeader(unit) : this.takeInit(unit);
  }

  private takeHeader(header: Buffer): "more" | "done" | "refused" {
    if (header.equals(amqpHeader)) {
      this.wire.append(amqpHeader);
      return "done";
    }
    if (header.equals(saslHeader) && this.credentials === undefined) {
      this.awaited = "sasl-init";
      this.wire.append(saslHeader);
      this.wire.appendFrame(saslMechanisms(saslMechanismNames));
      return "more";
    }
    // Whoever asks for something else is told what is spoken here.
    this.wire.append(this.credentials === undefined ? saslHeader : amqpHeader);
    return "refused";
  }

  private takeInit(unit: Buffer): "more" | "refused" {
    this.credentials = readSaslInit(this.reader.reset(unit, frameBody(unit, 0x01)));
    this.wire.appendFrame(saslOutcome(this.credentials === undefined ? 1 : 0));
    this.awaited = "header";
    return this.credentials === undefined ? "refused" : "more";
  }
}

/**
 * Where the body of a frame begins.
 * @throws {ProtocolError} The frame's head is broken, or of another type: 0 is AMQP, 1 SASL.
 */
export function frameBody(frame: Buffer, type: 0x00 | 0x01): number {
  const body = frame[4]! * 4;
  if (body < 8 || body > frame.length) {
    throw new ProtocolError("connection", framingError, "the data offset of a frame lies outside of it");
  }
  if (frame[5] !== type) throw new ProtocolError("connection", framingError, "a frame has the wrong type");
  return body;
}

/** "AMQP", protocol id, version 1.0.0. */
const header = (protocol: number): Buffer => Buffer.from([0x41, 0x4d, 0x51, 0x50, protocol, 1, 0, 0]);
const amqpHeader = header(0);
const saslHeader = header(3);
