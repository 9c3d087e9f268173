import type { AmqpError, AttachReply, DeliveryState, OutgoingMessage } from "./engine.js";
import type { ServerConnection } from "./connection.js";
import { DispositionRun } from "./disposition-run.js";
import { attachFrame, beginFrame, detachFrame, endFrame, flowFrame } from "./frames.js";
import type { LinkFlowFields } from "./frames.js";
import { DetachedLink } from "./link.js";
import type { LinkEnd } from "./link.js";
import { PendingLink } from "./link-request.js";
import type { Attach, Begin, Detach, Disposition, Flow, Transfer } from "./performatives.js";
import { ProtocolError } from "./protocol-error.js";
import type { EngineReceiver } from "./receiver.js";
import type { EngineSender, SentDelivery } from "./sender.js";
import { serialAdd, serialDiff } from "./serial.js";
import { echoedSource, readTermini } from "./termini.js";
import { Transmission } from "./transmission.js";

/** One session of a peer: its windows, its links, and what of its deliveries is unsettled. */
export class ServerSession {
  private readonly links = new Map<number, LinkEnd>();
  /** What we sent, in the order of its ids. */
  private readonly unsettled = new Map<number, SentDelivery>();
  private readonly transmission: Transmission;
  private readonly ours: DispositionRun;
  private readonly theirs: DispositionRun;
  private grants: EngineReceiver[] = [];
  private nextIncomingId: number;
  private incomingWindow = window;
  private windowDue = false;
  private nextDeliveryId: number;
  /** We have ended it; until the peer says so too, what it sends is ignored. */
  private ended = false;

  constructor(
    readonly connection: ServerConnection,
    readonly channel: number,
    begin: Begin,
  ) {
    this.nextIncomingId = begin.nextOutgoingId;
    this.nextDeliveryId = firstDeliveryId(connection);
    this.transmission = new Transmission(connection, channel, begin.incomingWindow);
    this.ours = new DispositionRun(connection, channel, false);
    this.theirs = new DispositionRun(connection, channel, true);
    connection.write("begin", channel, beginFrame(channel, window, connection.handleMax));
  }

  /** How many messages the session takes now. */
  room(): number {
    return this.ended || this.transmission.blocked ? 0 : this.connection.room();
  }

  takeDeliveryId(): number {
    const id = this.nextDeliveryId;
    this.nextDeliveryId = serialAdd(id, 1);
    return id;
  }

  transmit(link: EngineSender, id: number, message: OutgoingMessage): void {
    this.transmission.send(link, id, message);
  }

  addUnsettled(delivery: SentDelivery): void {
    this.unsettled.set(delivery.id, delivery);
    this.connection.unsettled++;
  }

  forgetUnsettled(delivery: SentDelivery): void {
    if (!this.unsettled.delete(delivery.id)) return;
    delivery.link.unsettled--;
    this.connection.unsettled--;
    this.connection.roomier();
  }

  /** Tells an outcome, together with its neighbours of the same outcome. */
  settle(weReceive: boolean, id: number, state: DeliveryState | undefined): void {
    (weReceive ? this.theirs : this.ours).add(id, state);
    this.connection.due(this);
  }

  flowDue(link: EngineReceiver): void {
    this.grants.push(link);
    this.connection.due(this);
  }

  /** Writes what was put off to the end of the turn. */
  writeDue(): void {
    if (this.ended) return;
    this.writeOutcomes();
    const { grants } = this;
    this.grants = [];
    for (const link of grants) link.tellFlow();
    if (this.windowDue) this.writeFlow();
  }

  writeFlow(link?: LinkFlowFields): void {
    if (this.ended) return;
    this.windowDue = false;
    this.incomingWindow = window;
    const { nextIncomingId, incomingWindow, channel } = this;
    const { nextOutgoingId } = this.transmission;
    this.connection.write(
      "flow",
      channel,
      flowFrame(channel, { nextIncomingId, incomingWindow, nextOutgoingId }, link),
    );
  }

  writeAttach(attach: Attach, reply: AttachReply, accepted: boolean): void {
    const { name, handle, peerReceives, senderSettleMode, receiverSettleMode } = attach;
    // Refused: the terminus that would be ours is null (AMQP 1.0 part 2.6.3).
    const source = !accepted && peerReceives ? undefined : echoedSource(attach.source, reply);
    const target = !accepted && !peerReceives ? undefined : attach.target;
    const frame = attachFrame(this.channel, {
      name,
      handle,
      weReceive: !peerReceives,
      senderSettleMode,
      // As a receiver we always settle first: our outcome is our last word.
      receiverSettleMode: peerReceives ? receiverSettleMode : 0,
      source,
      target,
      reply,
    });
    this.connection.write("attach", this.channel, frame);
  }

  /** The request has become a link. */
  replace(link: LinkEnd): void {
    this.links.set(link.handle, link);
    this.connection.names.set(link.key, { session: this, link });
  }

  /** Ends a link from our side; what the peer sends on it is ignored from now on. The caller tells the link. */
  detach(link: LinkEnd, error?: AmqpError): void {
    if (this.links.get(link.handle) !== link) return;
    this.forget(link);
    this.links.set(link.handle, new DetachedLink(link.handle));
    if (link instanceof PendingLink) link.answerWithdrawal();
    this.writeOutcomes();
    this.connection.write("detach", this.channel, detachFrame(this.channel, link.handle, true, error));
  }

  /** Ends the session from our side. */
  end(error: AmqpError): void {
    if (this.ended) return;
    this.writeOutcomes();
    this.ended = true;
    this.connection.write("end", this.channel, endFrame(this.channel, error));
    this.lose();
  }

  /** The peer ends the session. */
  onEnd(): void {
    if (!this.ended) {
      this.lose();
      this.writeOutcomes();
      this.connection.write("end", this.channel, endFrame(this.channel));
    }
    this.ended = true;
  }

  /** The session is no more: tells its links. */
  lose(): void {
    const links = [...this.links.values()];
    this.connection.linkCount -= links.length;
    for (const link of links) this.release(link);
    this.links.clear();
    this.transmission.clear();
    this.connection.unsettled -= this.unsettled.size;
    this.unsettled.clear();
    this.connection.roomier();
    for (const link of links) link.lost();
  }

  /**
   * Answers the attaches that wait, because the peer says goodbye: `@azure/service-bus` would otherwise wait for a minute
   * for a session that it asked for before it closed.
   */
  refusePending(): void {
    const description = "The connection was closed while the link was waiting.";
    for (const link of [...this.links.values()]) {
      if (!(link instanceof PendingLink)) continue;
      this.detach(link, { condition: "amqp:connection:forced", description });
      link.lost();
    }
  }

  onAttach(attach: Attach, bytes: number): void {
    if (this.ended) return;
    const { connection } = this;
    if (attach.handle > connection.handleMax) {
      throw new ProtocolError("connection", "amqp:connection:framing-error", "a handle exceeds handle-max");
    }
    if (this.links.has(attach.handle)) {
      throw new ProtocolError(
        "session",
        "amqp:session:handle-in-use",
        `the handle ${attach.handle} is in use`,
      );
    }
    const { source, target } = readTermini(attach, connection.context.limits);
    const link = new PendingLink(this, attach, source, target, bytes);
    const refusal = connection.admit(link);
    this.links.set(attach.handle, link);
    connection.linkCount++;
    connection.attachBytes += bytes;
    if (refusal !== undefined) return link.refuse(refusal);
    this.steal(link.key);
    connection.names.set(link.key, { session: this, link });
    connection.call(() => connection.handler?.attach(link));
  }

  onFlow(flow: Flow): void {
    if (this.ended) return;
    this.transmission.onFlow(flow);
    if (!this.transmission.blocked) this.connection.roomier();
    if (flow.handle === undefined) {
      if (flow.echo) this.writeFlow();
      return;
    }
    this.attached(flow.handle).onFlow(flow);
  }

  onTransfer(transfer: Transfer, payload: Buffer): void {
    if (this.ended) return;
    if (this.incomingWindow === 0) {
      throw new ProtocolError("session", "amqp:session:window-violation", "the incoming window is closed");
    }
    this.nextIncomingId = serialAdd(this.nextIncomingId, 1);
    this.incomingWindow--;
    if (!this.windowDue && this.incomingWindow <= window / 2) {
      this.windowDue = true;
      this.connection.due(this);
    }
    const link = this.attached(transfer.handle);
    try {
      link.onTransfer(transfer, payload);
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.scope !== "link") throw error;
      this.detach(link, { condition: error.condition, description: error.message });
      link.lost();
    }
  }

  /** Goes through what is unsettled, not through what is declared: a range may span the whole number space. */
  onDisposition(disposition: Disposition): void {
    const { peerReceives, first, last, state, settled } = disposition;
    // Of what it sent itself, the peer has nothing to say that would change what we do.
    if (this.ended || !peerReceives) return;
    const span = (last - first) >>> 0;
    if (span < this.unsettled.size) {
      for (let i = 0; i <= span; i++) this.dispose(this.unsettled.get(serialAdd(first, i)), state, settled);
      return;
    }
    // Handlers may send while we go; that is not meant.
    const end = this.nextDeliveryId;
    for (const [id, delivery] of this.unsettled) {
      if (serialDiff(id, end) >= 0) break;
      if ((id - first) >>> 0 <= span) this.dispose(delivery, state, settled);
    }
  }

  onDetach({ handle, closed }: Detach): void {
    if (this.ended) return;
    const link = this.attached(handle);
    this.links.delete(handle);
    this.connection.linkCount--;
    if (link instanceof DetachedLink) return;
    this.forget(link);
    this.writeOutcomes();
    if (link instanceof PendingLink) link.answerWithdrawal();
    this.connection.write("detach", this.channel, detachFrame(this.channel, handle, closed));
    link.lost();
  }

  private dispose(delivery: SentDelivery | undefined, state: DeliveryState, settled: boolean): void {
    if (delivery?.open === true) delivery.link.onDisposition(delivery, state, settled);
  }

  /** A link of the same name and role moves to where it is asked for last (AMQP 1.0 part 2.6.1). */
  private steal(key: string): void {
    const old = this.connection.names.get(key);
    if (old === undefined) return;
    const description = "The link was attached again under the same name.";
    old.session.detach(old.link, { condition: "amqp:link:stolen", description });
    old.link.lost();
  }

  /** Takes a link out of all books but the handles; it is told by the caller, or not at all. */
  private forget(link: LinkEnd): void {
    this.release(link);
    this.transmission.drop(link);
    for (const delivery of this.unsettledOf(link)) this.forgetUnsettled(delivery);
  }

  private release(link: LinkEnd): void {
    const { names } = this.connection;
    if (names.get(link.key)?.link === link) names.delete(link.key);
    this.connection.attachBytes -= link.attachBytes;
  }

  private unsettledOf(link: LinkEnd): SentDelivery[] {
    const count = "unsettled" in link ? link.unsettled : 0;
    if (count === 0) return [];
    return [...this.unsettled.values()].filter((delivery) => delivery.link === link);
  }

  private attached(handle: number): LinkEnd {
    const link = this.links.get(handle);
    if (link !== undefined) return link;
    throw new ProtocolError("session", "amqp:session:unattached-handle", `no link has the handle ${handle}`);
  }

  private writeOutcomes(): void {
    if (this.ended) return;
    this.ours.write();
    this.theirs.write();
  }
}

/**
 * The sessions of a server have delivery ids of their own. rhea settles a delivery of a session that has ended on whatever
 * session has its channel by now, and `@azure/service-bus` tells the deliveries of a receiver's successive links apart by
 * nothing but their ids: were these the same, another message would be settled, and lost.
 */
function firstDeliveryId({ context: { deliveryIds } }: ServerConnection): number {
  const first = deliveryIds.next;
  // rhea counts on past 2^32, so they begin far from there.
  deliveryIds.next = (first + idsOfSession) % 0x8000_0000;
  return first;
}

/** Sessions with more deliveries than these go on into the next one's, which matters little: only late words go astray. */
const idsOfSession = 0x10_0000;

/** Frames that the peer may send before it hears from us; we tell it again at half of it. */
const window = 5_000;
