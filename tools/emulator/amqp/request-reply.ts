import { randomUUID } from "node:crypto";
import type {
  IncomingDelivery,
  LinkRequest,
  OutgoingDelivery,
  ReceiverLink,
  SenderLink,
} from "./engine/engine.js";
import {
  decodeRequest,
  encodeResponse,
  failure,
  unknownOperation,
  type NodeRequest,
  type NodeResponse,
} from "./node-message.js";

/** Answers a request, at once or later. What it throws is the answer, too: see `failure`. */
export type Answer = (request: NodeRequest) => NodeResponse | Promise<NodeResponse>;

/** Operations of a node by name; another name is answered with 501, `amqp:not-implemented`. */
export function operations(table: ReadonlyMap<string, Answer>): Answer {
  return (request) => {
    const answer = request.operation === undefined ? undefined : table.get(request.operation);
    return answer === undefined ? unknownOperation(request.operation) : answer(request);
  };
}

/**
 * Requests and responses of one connection (AMQP management; claims-based security).
 *
 * A client sends requests on one link and names in `reply-to` another, by its target address, its name, or the address
 * that it was given for a dynamic source. Answers go out in the order in which they become known.
 */
export class RequestReply {
  readonly #replyLinks = new Set<ReplyLink>();
  readonly #maxOutstanding: number;

  /** @param maxOutstanding Requests of one link that may be unanswered at a time. */
  constructor(maxOutstanding = 100) {
    this.#maxOutstanding = maxOutstanding;
  }

  /** Accepts a link of a node, in either direction. */
  attach(request: LinkRequest, answer: Answer): void {
    if (request.role === "sender") this.#attachReply(request);
    else this.#attachRequests(request, answer);
  }

  #attachReply(request: LinkRequest): void {
    const names = new Set([request.name]);
    const target = request.target?.address;
    if (target !== undefined) names.add(target);
    const sourceAddress = request.source?.dynamic === true ? `reply-${randomUUID()}` : undefined;
    if (sourceAddress !== undefined) names.add(sourceAddress);
    const replyLink = new ReplyLink(names, request.senderSettleMode === 1);
    this.#replyLinks.add(replyLink);
    const reply = sourceAddress === undefined ? {} : { sourceAddress };
    replyLink.open(request, reply, () => this.#replyLinks.delete(replyLink));
  }

  #attachRequests(request: LinkRequest, answer: Answer): void {
    let spare = 0;
    let open = true;
    const done = (link: ReceiverLink): void => {
      spare += 1;
      // In portions, because each costs a frame.
      if (!open || spare * 2 < this.#maxOutstanding) return;
      link.grant(spare);
      spare = 0;
    };
    const link = request.acceptAsReceiver({
      message: (from, delivery) => {
        this.#receive(delivery, answer, () => {
          done(from);
        });
      },
      detached: () => {
        open = false;
      },
    });
    link.grant(this.#maxOutstanding);
  }

  #receive(delivery: IncomingDelivery, answer: Answer, done: () => void): void {
    let request: NodeRequest;
    try {
      request = decodeRequest(delivery.payload);
    } catch (error) {
      const description = `The request is no AMQP message. ${error instanceof Error ? error.message : ""}`;
      delivery.settle({ type: "rejected", error: { condition: "amqp:decode-error", description } });
      done();
      return;
    }
    const replyLink = this.#find(request.replyTo);
    if (replyLink === undefined) {
      const description = `No link of this connection has the reply-to address '${(request.replyTo ?? "").slice(0, 200)}'.`;
      delivery.settle({ type: "rejected", error: { condition: "amqp:not-found", description } });
      done();
      return;
    }
    delivery.settle({ type: "accepted" });
    const respond = (response: NodeResponse): void => {
      replyLink.send(encodeResponse(request, response), done);
    };
    const refuse = (error: unknown): void => {
      respond(failure(error));
    };
    try {
      const response = answer(request);
      if (response instanceof Promise) response.then(respond, refuse);
      else respond(response);
    } catch (error) {
      refuse(error);
    }
  }

  #find(replyTo: string | undefined): ReplyLink | undefined {
    if (replyTo === undefined) return undefined;
    for (const replyLink of this.#replyLinks) if (replyLink.names.has(replyTo)) return replyLink;
    return undefined;
  }
}

interface Waiting {
  readonly payload: readonly Uint8Array[];
  /** Called when the response is on its way, or never will be. */
  readonly sent: () => void;
}

/** A link on which answers go out, as its peer gives credit. */
class ReplyLink {
  readonly names: ReadonlySet<string>;
  readonly #settled: boolean;
  readonly #waiting: Waiting[] = [];
  #link: SenderLink | undefined;
  #closed = false;
  #nextTag = 0;

  constructor(names: ReadonlySet<string>, settled: boolean) {
    this.names = names;
    this.#settled = settled;
  }

  open(request: LinkRequest, reply: { readonly sourceAddress?: string }, ended: () => void): void {
    this.#link = request.acceptAsSender(
      {
        flow: (link, drain) => {
          this.#pump(link);
          if (drain) link.drained();
        },
        disposition: (_, delivery: OutgoingDelivery, state, settled) => {
          if (!settled) delivery.settle(state);
        },
        detached: () => {
          this.#closed = true;
          ended();
          for (const { sent } of this.#waiting.splice(0)) sent();
        },
      },
      reply,
    );
  }

  send(payload: readonly Uint8Array[], sent: () => void): void {
    if (this.#closed || this.#link === undefined) {
      sent();
      return;
    }
    this.#waiting.push({ payload, sent });
    this.#pump(this.#link);
  }

  #pump(link: SenderLink): void {
    while (link.credit > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const tag = Buffer.alloc(4);
      tag.writeUInt32BE(this.#nextTag);
      this.#nextTag = (this.#nextTag + 1) >>> 0;
      link.send({ payload: next.payload, tag, settled: this.#settled });
      next.sent();
    }
  }
}
