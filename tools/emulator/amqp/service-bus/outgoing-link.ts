import type { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { Delivery } from "../../../../adapters/memory/broker/delivery.js";
import type { Receiver, ReceiverOptions } from "../../../../adapters/memory/broker/receiver.js";
import type { Visit } from "../door.js";
import type {
  AmqpError,
  DeliveryState,
  LinkRequest,
  OutgoingDelivery,
  SenderHandler,
  SenderLink,
} from "../engine/engine.js";
import { encodeForReceiver } from "../message/encode-for-receiver.js";
import { applyDisposition, outcomeOf } from "./disposition.js";
import { tagOf } from "./lock-token.js";
import { refusalOf } from "./refusal.js";

/**
 * A link on which a client receives: the broker pushes as far as the client gave credit, and what the client says of a
 * delivery settles it.
 */
export class OutgoingLink implements SenderHandler {
  /** To be given to the broker, with which the link's receiver is then attached. */
  readonly options: ReceiverOptions;
  readonly #visit: Visit;
  readonly #locks: boolean;
  readonly #deliveries = new Map<OutgoingDelivery, Delivery>();
  #receiver: Receiver | undefined;
  #link: SenderLink | undefined;
  #ended: () => void = () => undefined;
  /** What the broker may still push. */
  #credit = 0;
  #nextTag = 0;

  /** Deliveries are sent settled, and so removed, where the client wants it; otherwise they are locked. */
  constructor(visit: Visit, address: string, request: LinkRequest) {
    const rights = visit.rightsOn(address);
    this.#visit = visit;
    this.#locks = request.senderSettleMode !== 1;
    this.options = {
      mode: this.#locks ? "peekLock" : "receiveAndDelete",
      ...(rights === undefined ? {} : { rights }),
      deliver: (delivery) => {
        this.#deliver(delivery);
      },
      onDetach: (error) => {
        this.#lost(error);
      },
    };
  }

  /** @param ended Called once, when the link is gone. */
  serve(receiver: Receiver, link: SenderLink, ended: () => void = () => undefined): void {
    this.#receiver = receiver;
    this.#link = link;
    this.#ended = ended;
  }

  flow(link: SenderLink, drain: boolean): void {
    this.#visit.namespace.enter(() => {
      const receiver = this.#receiver;
      if (receiver === undefined || receiver.closed) return;
      this.#credit = link.credit;
      receiver.flow(this.#credit);
      if (!drain) return;
      receiver.drain();
      this.#credit = 0;
    });
    // A client that hears nothing waits, then closes the link; so it is answered even if there was no credit.
    if (drain) link.drained();
  }

  disposition(_: SenderLink, sent: OutgoingDelivery, state: DeliveryState, settled: boolean): void {
    // `received` and the like decide nothing.
    if (state.type === "other" && !settled) return;
    const delivery = this.#deliveries.get(sent);
    this.#deliveries.delete(sent);
    const error = delivery === undefined ? undefined : this.#settle(delivery, state);
    if (!settled) sent.settle(error === undefined ? outcomeOf(state) : { type: "rejected", error });
  }

  detached(): void {
    this.#visit.namespace.enter(() => this.#receiver?.close());
    this.#end();
  }

  #deliver(delivery: Delivery): void {
    const link = this.#link;
    // The connection broke, and the broker hears of it a moment later: what it gives until then is lost on the way, and
    // stays locked, as for any client that dies.
    if (link === undefined || link.credit === 0) return;
    const sent = link.send({
      payload: encodeForReceiver(delivery, this.#visit.clock),
      tag: this.#locks ? tagOf(delivery.lockToken ?? "") : this.#countedTag(),
      settled: !this.#locks,
    });
    if (this.#locks) this.#deliveries.set(sent, delivery);
    this.#credit -= 1;
    // The client reads too slowly, or has too much unsettled: the link tells by `flow` when it may go on.
    const room = link.credit;
    if (room >= this.#credit) return;
    this.#credit = room;
    this.#receiver?.flow(room);
  }

  #countedTag(): Buffer {
    const tag = Buffer.allocUnsafe(4);
    tag.writeUInt32BE(this.#nextTag);
    this.#nextTag = (this.#nextTag + 1) >>> 0;
    return tag;
  }

  /** Returns why not, if the delivery could not be settled. */
  #settle(delivery: Delivery, state: DeliveryState): AmqpError | undefined {
    const receiver = this.#receiver;
    if (receiver === undefined) return undefined;
    try {
      this.#visit.namespace.enter(() => {
        applyDisposition(receiver, delivery, state);
      });
      return undefined;
    } catch (error) {
      return refusalOf(error);
    }
  }

  /** The broker ended the receiver. */
  #lost(error: BrokerError): void {
    this.#link?.detach(refusalOf(error));
    this.#end();
  }

  #end(): void {
    this.#deliveries.clear();
    this.#ended();
    this.#ended = () => undefined;
  }
}
