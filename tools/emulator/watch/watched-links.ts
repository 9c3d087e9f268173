import type {
  AmqpError,
  AttachReply,
  ConnectionHandler,
  IncomingDelivery,
  LinkRequest,
  OpenConnection,
  ReceiverHandler,
  ReceiverLink,
  SenderHandler,
  SenderLink,
} from "../amqp/engine/engine.js";
import { WatchedReceiver, WatchedSender, type Endings } from "./watched-ends.js";
import type { LinkControl, WatchedLink, Witness } from "./witness.js";

/** A link that can be ended from outside. */
export interface LiveLink {
  readonly facts: WatchedLink;
  /** Ends the link with an error, and tells the service. */
  end(error: AmqpError): void;
  /** Gives what was withheld. */
  release(): void;
}

/**
 * Stands between the protocol and the services: tells a witness what clients do, and lets a control interfere. The
 * services see links of ours, which pass everything on.
 */
export class WatchedLinks {
  readonly #witness: Witness;
  readonly #control: LinkControl;
  readonly #live = new Set<LiveLink>();
  #count = 0;

  constructor(witness: Witness, control: LinkControl) {
    this.#witness = witness;
    this.#control = control;
  }

  /** Links that are attached, in the order in which they were. */
  live(): readonly LiveLink[] {
    return [...this.#live];
  }

  /** The same service, watched. */
  around(open: OpenConnection): OpenConnection {
    return (connection) => {
      this.#witness.connected(connection);
      const inner = open(connection);
      const outer: ConnectionHandler = {
        attach: (request) => {
          this.#attach(inner, request);
        },
        closed: () => {
          inner.closed();
          this.#witness.disconnected(connection);
        },
      };
      return outer;
    };
  }

  #attach(inner: ConnectionHandler, request: LinkRequest): void {
    const facts = this.#factsOf(request);
    const refuse = (error: AmqpError): void => {
      request.refuse(error);
      this.#witness.refused(facts, error);
    };
    const refusal = this.#control.refusal(facts);
    if (refusal === undefined) inner.attach(this.#watched(request, facts, refuse));
    else refuse(refusal);
  }

  #watched(request: LinkRequest, facts: WatchedLink, refuse: (error: AmqpError) => void): LinkRequest {
    const { connection, name, role, source, target, properties, desiredCapabilities } = request;
    const { senderSettleMode, receiverSettleMode } = request;
    return {
      ...{ connection, name, role, source, target, properties, desiredCapabilities },
      ...{ senderSettleMode, receiverSettleMode },
      refuse,
      onWithdrawn: (withdrawn) => {
        request.onWithdrawn(withdrawn);
      },
      acceptAsSender: (handler, reply) => this.#asSender(request, facts, { handler, reply }),
      acceptAsReceiver: (handler, reply) => this.#asReceiver(request, facts, { handler, reply }),
    };
  }

  #asSender(
    request: LinkRequest,
    facts: WatchedLink,
    { handler, reply }: Accepted<SenderHandler>,
  ): SenderLink {
    this.#witness.attached(facts);
    const inner = request.acceptAsSender(
      {
        flow: (_, drain) => {
          handler.flow(outer, drain);
        },
        disposition: (_, delivery, state, settled) => {
          this.#witness.settled(facts, state);
          handler.disposition(outer, delivery, state, settled);
        },
        detached: () => {
          outer.gone("client");
          handler.detached(outer);
        },
      },
      reply,
    );
    const ended = (): void => {
      handler.detached(outer);
    };
    const outer: WatchedSender = new WatchedSender(inner, facts, this.#witness, this.#ending(ended));
    this.#live.add(outer);
    return outer;
  }

  #asReceiver(
    request: LinkRequest,
    facts: WatchedLink,
    { handler, reply }: Accepted<ReceiverHandler>,
  ): ReceiverLink {
    this.#witness.attached(facts);
    const inner = request.acceptAsReceiver(
      {
        message: (_, delivery) => {
          this.#witness.sent(facts, delivery.payload.byteLength, delivery.format);
          handler.message(outer, this.#answering(facts, delivery));
        },
        detached: () => {
          outer.gone("client");
          handler.detached(outer);
        },
      },
      reply,
    );
    const ended = (): void => {
      handler.detached(outer);
    };
    const withholds = (): boolean => this.#control.withholds(facts);
    const outer: WatchedReceiver = new WatchedReceiver(inner, facts, this.#witness, {
      ...this.#ending(ended),
      withholds,
    });
    this.#live.add(outer);
    return outer;
  }

  #ending(ended: () => void): Endings {
    return {
      ended,
      forget: (link) => {
        this.#live.delete(link);
      },
    };
  }

  #answering(facts: WatchedLink, delivery: IncomingDelivery): IncomingDelivery {
    const { tag, format, payload, settled } = delivery;
    return {
      tag,
      format,
      payload,
      settled,
      settle: (state) => {
        delivery.settle(state);
        this.#witness.answered(facts, state);
      },
    };
  }

  #factsOf({ connection, name, role, source, target }: LinkRequest): WatchedLink {
    const terminus = role === "sender" ? source : target;
    this.#count += 1;
    return {
      id: this.#count,
      connection,
      name,
      role: role === "sender" ? "receiver" : "sender",
      address: terminus?.address ?? "",
    };
  }
}

interface Accepted<H> {
  readonly handler: H;
  readonly reply: AttachReply | undefined;
}
