import type {
  AmqpError,
  AmqpValue,
  AttachReply,
  Connection,
  LinkRequest,
  ReceiverHandler,
  ReceiverLink,
  SenderHandler,
  SenderLink,
  Terminus,
} from "./engine.js";
import type { LinkEnd } from "./link.js";
import type { Attach, Flow } from "./performatives.js";
import { ProtocolError } from "./protocol-error.js";
import { EngineReceiver } from "./receiver.js";
import { EngineSender } from "./sender.js";
import type { ServerSession } from "./session.js";

/** A link that the peer has asked for and that is not answered yet. */
export class PendingLink implements LinkRequest, LinkEnd {
  readonly role: "sender" | "receiver";
  readonly key: string;
  private answered = false;
  private gone = false;
  private withdrawn: (() => void) | undefined;
  /** What the peer said of its credit while it waited. */
  private early: Flow | undefined;

  constructor(
    private readonly session: ServerSession,
    private readonly request: Attach,
    readonly source: Terminus | undefined,
    readonly target: Terminus | undefined,
    readonly attachBytes: number,
  ) {
    this.role = request.peerReceives ? "sender" : "receiver";
    this.key = `${this.role}:${request.name}`;
  }

  get connection(): Connection {
    return this.session.connection;
  }

  get handle(): number {
    return this.request.handle;
  }

  get name(): string {
    return this.request.name;
  }

  get properties(): ReadonlyMap<string, AmqpValue> {
    return this.request.properties;
  }

  get desiredCapabilities(): readonly string[] {
    return this.request.desiredCapabilities;
  }

  get senderSettleMode(): number {
    return this.request.senderSettleMode;
  }

  get receiverSettleMode(): number {
    return this.request.receiverSettleMode;
  }

  acceptAsSender(handler: SenderHandler, reply: AttachReply = {}): SenderLink {
    this.answer("sender");
    const { session, name, key, handle, attachBytes } = this;
    const link = new EngineSender(session, name, key, handle, attachBytes, handler);
    this.accept(link, reply);
    return link;
  }

  acceptAsReceiver(handler: ReceiverHandler, reply: AttachReply = {}): ReceiverLink {
    this.answer("receiver");
    const { session, name, key, handle, attachBytes } = this;
    const count = this.request.initialDeliveryCount;
    const link = new EngineReceiver(session, name, key, handle, attachBytes, count, handler);
    this.accept(link, reply);
    return link;
  }

  refuse(error: AmqpError): void {
    this.answer(this.role);
    if (this.gone) return;
    this.session.writeAttach(this.request, {}, false);
    this.session.detach(this, error);
    this.dispose();
  }

  /** A peer that takes its wish back expects the answer to its attach all the same: rhea ends over a detach alone. */
  answerWithdrawal(): void {
    if (!this.answered) this.session.writeAttach(this.request, {}, false);
  }

  onWithdrawn(withdrawn: () => void): void {
    this.withdrawn = withdrawn;
    if (this.gone && !this.answered) this.session.connection.later(withdrawn);
  }

  onFlow(flow: Flow): void {
    this.early = flow;
  }

  onTransfer(): void {
    if (this.role === "sender")
      throw new ProtocolError("session", "amqp:not-allowed", "you receive on this link");
    throw new ProtocolError("link", "amqp:link:transfer-limit-exceeded", "a message was sent without credit");
  }

  lost(): void {
    if (this.gone) return;
    this.gone = true;
    if (!this.answered && this.withdrawn !== undefined) this.session.connection.call(this.withdrawn);
  }

  dispose(): void {
    this.gone = true;
  }

  private accept(link: EngineSender | EngineReceiver, reply: AttachReply): void {
    const { connection } = this.session;
    if (this.gone) {
      // The peer went away while the service made up its mind: it learns that as if it had happened just after.
      connection.later(() => link.lost());
      return;
    }
    this.session.writeAttach(this.request, reply, true);
    this.session.replace(link);
    const { early } = this;
    if (early !== undefined) connection.later(() => link.onFlow(early));
  }

  private answer(role: string): void {
    if (this.answered) throw new Error(`The link ${this.name} was answered before.`);
    if (role !== this.role) throw new Error(`The link ${this.name} is one where our role is ${this.role}.`);
    this.answered = true;
  }
}
