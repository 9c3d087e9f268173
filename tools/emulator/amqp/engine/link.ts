import type { Flow, Transfer } from "./performatives.js";

/** Our end of a link, as its session sees it. Which class it is tells how far the link has come. */
export interface LinkEnd {
  /** The peer's handle, which is ours as well: it is unique for as long as either side may use it. */
  readonly handle: number;
  /** Name and role: AMQP lets two links share a name if their directions differ. */
  readonly key: string;
  /** The link's share in the connection's budget. */
  readonly attachBytes: number;
  onFlow(flow: Flow): void;
  /** @throws {ProtocolError} The peer may not send this. */
  onTransfer(transfer: Transfer, payload: Buffer): void;
  /** The link is no more, and it was not us who ended it. */
  lost(): void;
  /** Forgets what is under way, without telling anybody. */
  dispose(): void;
}

/** A link that we have detached, until the peer says so too: what it sent before is ignored. */
export class DetachedLink implements LinkEnd {
  readonly attachBytes = 0;
  readonly key = "";

  constructor(readonly handle: number) {}

  onFlow(): void {
    // Sent before the peer knew.
  }

  onTransfer(): void {
    // Sent before the peer knew.
  }

  lost(): void {
    // Told before.
  }

  dispose(): void {
    // Done before.
  }
}
