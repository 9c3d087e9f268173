import type { Right } from "../../../adapters/memory/broker/rights.js";
import type {
  AttachReply,
  LinkRequest,
  OutgoingDelivery,
  OutgoingMessage,
  ReceiverHandler,
  ReceiverLink,
  SenderHandler,
  SenderLink,
} from "../amqp/engine/engine.js";

/** A link that lasts as long as its connection has the right to it. */
interface Guarded {
  readonly path: string;
  readonly need: Right;
  /** Ends the link, and tells its handler. */
  end(): void;
}

/** The links of one connection that need a token, so that they can be ended when it expires. */
export class LinkGuard {
  readonly #guarded = new Set<Guarded>();

  /** The same request, but what it is accepted as is watched. */
  watch(request: LinkRequest, path: string, need: Right): LinkRequest {
    const enlist = (end: () => void): (() => void) => {
      const guarded: Guarded = { path, need, end };
      this.#guarded.add(guarded);
      return () => this.#guarded.delete(guarded);
    };
    return watched(request, enlist, detachText(request, path, need));
  }

  /** Detaches whatever is no longer allowed. */
  enforce(allows: (path: string, need: Right) => boolean): void {
    for (const guarded of [...this.#guarded]) {
      if (allows(guarded.path, guarded.need)) continue;
      this.#guarded.delete(guarded);
      guarded.end();
    }
  }
}

/** The text of the service; see Azure/azure-sdk-for-python#23487. */
function detachText(request: LinkRequest, path: string, need: Right): string {
  return (
    `The link '${request.name.slice(0, 200)}' is force detached. Code: RenewToken. Details: Unauthorized access. ` +
    `'${need}' claim(s) are required to perform this operation. Resource: '${path}'.`
  );
}

type Enlist = (end: () => void) => () => void;

function watched(request: LinkRequest, enlist: Enlist, description: string): LinkRequest {
  const expired = { condition: "amqp:link:detach-forced", description };
  return {
    connection: request.connection,
    name: request.name,
    role: request.role,
    source: request.source,
    target: request.target,
    properties: request.properties,
    desiredCapabilities: request.desiredCapabilities,
    senderSettleMode: request.senderSettleMode,
    receiverSettleMode: request.receiverSettleMode,
    refuse: (error) => {
      request.refuse(error);
    },
    onWithdrawn: (withdrawn) => {
      request.onWithdrawn(withdrawn);
    },
    acceptAsSender(handler, reply) {
      const outer = new WatchedSender(request, handler, reply);
      outer.forget = enlist(() => {
        outer.detach(expired);
        handler.detached(outer);
      });
      return outer;
    },
    acceptAsReceiver(handler, reply) {
      const outer = new WatchedReceiver(request, handler, reply);
      outer.forget = enlist(() => {
        outer.detach(expired);
        handler.detached(outer);
      });
      return outer;
    },
  };
}

class WatchedSender implements SenderLink {
  readonly #inner: SenderLink;
  forget: () => void = () => undefined;

  constructor(request: LinkRequest, handler: SenderHandler, reply: AttachReply | undefined) {
    this.#inner = request.acceptAsSender(
      {
        flow: (_, drain) => {
          handler.flow(this, drain);
        },
        disposition: (_, delivery, state, settled) => {
          handler.disposition(this, delivery, state, settled);
        },
        detached: () => {
          this.forget();
          handler.detached(this);
        },
      },
      reply,
    );
  }

  get name(): string {
    return this.#inner.name;
  }

  get connection(): SenderLink["connection"] {
    return this.#inner.connection;
  }

  get credit(): number {
    return this.#inner.credit;
  }

  send(message: OutgoingMessage): OutgoingDelivery {
    return this.#inner.send(message);
  }

  drained(): void {
    this.#inner.drained();
  }

  detach(error?: Parameters<SenderLink["detach"]>[0]): void {
    this.forget();
    this.#inner.detach(error);
  }
}

class WatchedReceiver implements ReceiverLink {
  readonly #inner: ReceiverLink;
  forget: () => void = () => undefined;

  constructor(request: LinkRequest, handler: ReceiverHandler, reply: AttachReply | undefined) {
    this.#inner = request.acceptAsReceiver(
      {
        message: (_, delivery) => {
          handler.message(this, delivery);
        },
        detached: () => {
          this.forget();
          handler.detached(this);
        },
      },
      reply,
    );
  }

  get name(): string {
    return this.#inner.name;
  }

  get connection(): ReceiverLink["connection"] {
    return this.#inner.connection;
  }

  get credit(): number {
    return this.#inner.credit;
  }

  grant(credit: number): void {
    this.#inner.grant(credit);
  }

  detach(error?: Parameters<ReceiverLink["detach"]>[0]): void {
    this.forget();
    this.#inner.detach(error);
  }
}
