import type { StreamReader } from "../../../../adapters/memory/broker/stream/attach-reader.js";
import type { Visit } from "../door.js";
import type { AmqpValue, LinkRequest, SenderHandler, SenderLink } from "../engine/engine.js";
import { offered, runtimeMetric } from "./capabilities.js";
import { encodeEvent } from "./event-encoder.js";
import { startPosition } from "./start-position.js";

/** The partition that a link is to read, for a group. */
export interface ReaderPlace {
  readonly hub: string;
  readonly group: string;
  readonly partitionId: string;
}

/**
 * Attaches a reader and pushes its events as they come and as the client gives credit.
 *
 * @throws {BrokerError} as the engine's `openReader`
 */
export function attachReaderLink(visit: Visit, request: LinkRequest, place: ReaderPlace): void {
  const { namespace, clock } = visit;
  const start = startPosition(request.source?.filters ?? new Map<string, AmqpValue>(), clock);
  const reader = namespace.enter(() =>
    namespace.streams.openReader({ ...place, start, ...ownership(request) }),
  );
  new ReaderLink(visit, request, place, reader);
}

/** Owner level and name, which the client gives as properties of the link. */
function ownership({ properties }: LinkRequest): { ownerLevel?: number; receiverName?: string } {
  const level = properties.get("com.microsoft:epoch");
  const name = properties.get("com.microsoft:receiver-name");
  return {
    ...(typeof level === "number" || typeof level === "bigint" ? { ownerLevel: Number(level) } : {}),
    ...(typeof name === "string" ? { receiverName: name } : {}),
  };
}

class ReaderLink implements SenderHandler {
  readonly #visit: Visit;
  readonly #place: ReaderPlace;
  readonly #reader: StreamReader;
  readonly #link: SenderLink;
  readonly #tellsMetric: boolean;
  /** The client wants to hear of every event that it got it; otherwise events are sent settled. */
  readonly #settled: boolean;
  #nextTag = 0;
  #ended = false;

  constructor(visit: Visit, request: LinkRequest, place: ReaderPlace, reader: StreamReader) {
    this.#visit = visit;
    this.#place = place;
    this.#reader = reader;
    this.#tellsMetric = request.desiredCapabilities.includes(runtimeMetric);
    this.#settled = request.senderSettleMode !== 0;
    this.#link = request.acceptAsSender(this, { offeredCapabilities: offered(request, runtimeMetric) });
    reader.onDetach((error) => {
      this.#ended = true;
      this.#link.detach({ condition: error.condition, description: error.message });
    });
  }

  flow(link: SenderLink, drain: boolean): void {
    this.#visit.namespace.enter(() => {
      this.#pump();
    });
    if (drain && !this.#ended) link.drained();
  }

  disposition(...[, delivery, state, settled]: Parameters<SenderHandler["disposition"]>): void {
    // Whatever the client thinks of an event, the log keeps it.
    if (!settled) delivery.settle(state);
  }

  detached(): void {
    this.#ended = true;
    this.#reader.close();
  }

  #pump(): void {
    while (!this.#ended) {
      const credit = this.#link.credit;
      if (credit === 0) {
        this.#reader.onAvailable(undefined);
        return;
      }
      const events = this.#reader.take(Math.min(credit, maxBurst));
      if (events.length === 0) {
        this.#reader.onAvailable(() => {
          this.#pump();
        });
        return;
      }
      this.#send(events);
    }
  }

  #send(events: ReturnType<StreamReader["take"]>): void {
    const { namespace, clock } = this.#visit;
    const { hub, partitionId } = this.#place;
    const metric = this.#tellsMetric ? namespace.streams.partitionProperties(hub, partitionId) : undefined;
    for (const event of events) {
      const tag = Buffer.alloc(4);
      tag.writeUInt32BE(this.#nextTag);
      this.#nextTag = (this.#nextTag + 1) >>> 0;
      this.#link.send({ payload: encodeEvent(event, clock, metric), tag, settled: this.#settled });
    }
  }
}

/** Events that are taken from the log at a time; the peer's appetite is asked for again in between. */
const maxBurst = 128;
