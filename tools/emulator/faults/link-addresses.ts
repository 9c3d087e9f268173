import { Described, type AmqpValue, type Connection, type TappedFrame } from "../amqp/engine/engine.js";
import { AmqpReader } from "../amqp/engine/reader.js";

/**
 * Knows which address a frame is about, from the attach frames that went before. Each direction has its own handles.
 *
 * A frame without a handle (disposition, begin, end) is about every link of its session.
 */
export class LinkAddresses {
  readonly #sessions = new WeakMap<Connection, Map<string, Map<number, string>>>();
  readonly #reader = new AmqpReader({ maxDepth: 16, maxValues: 4_096 });

  /** To be called for every attach frame. */
  note(frame: TappedFrame): void {
    const fields = this.#fields(frame);
    const [, handle, isReceiver] = fields;
    if (typeof handle !== "number" || typeof isReceiver !== "boolean") return;
    const source = addressOf(fields[5]);
    const target = addressOf(fields[6]);
    // The client's receiver reads a source of ours; our receiver is the target of the client's sender.
    const address = isReceiver === (frame.direction === "in") ? source : target;
    if (address !== undefined) this.#handles(frame).set(handle, address);
  }

  /** The addresses that the frame may be about. */
  of(frame: TappedFrame): readonly string[] {
    const handles = this.#handles(frame);
    if (frame.kind === "transfer" || frame.kind === "attach" || frame.kind === "detach") {
      const fields = this.#fields(frame);
      const handle = frame.kind === "attach" ? fields[1] : fields[0];
      const address = typeof handle === "number" ? handles.get(handle) : undefined;
      return address === undefined ? [] : [address];
    }
    if (frame.kind === "flow") {
      const handle = this.#fields(frame)[4];
      const address = typeof handle === "number" ? handles.get(handle) : undefined;
      if (address !== undefined) return [address];
    }
    return [...handles.values()];
  }

  #handles({ connection, direction, channel }: TappedFrame): Map<number, string> {
    let sessions = this.#sessions.get(connection);
    if (sessions === undefined) {
      sessions = new Map();
      this.#sessions.set(connection, sessions);
    }
    const key = `${direction} ${channel}`;
    let handles = sessions.get(key);
    if (handles === undefined) {
      handles = new Map();
      sessions.set(key, handles);
    }
    return handles;
  }

  /** The fields of the performative; none if the frame is broken. */
  #fields({ bytes }: TappedFrame): readonly AmqpValue[] {
    const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    try {
      // Extended headers are counted in words of four bytes (AMQP 1.0, 2.3.1).
      const value = this.#reader.reset(frame, (frame[4] ?? 2) * 4).value();
      return listOf(value) ?? [];
    } catch {
      return [];
    }
  }
}

function listOf(value: AmqpValue | undefined): readonly AmqpValue[] | undefined {
  const inner = value instanceof Described ? value.value : value;
  return Array.isArray(inner) ? (inner as readonly AmqpValue[]) : undefined;
}

function addressOf(terminus: AmqpValue | undefined): string | undefined {
  const address = listOf(terminus)?.[0];
  return typeof address === "string" ? address : undefined;
}
