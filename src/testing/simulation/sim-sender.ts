import { WaybillError } from "../../errors.js";
import type { Destination, Outgoing, Sender, SendResult } from "../../transport/transport.js";
import { after, failure, type Boundary } from "./boundary.js";

/** A sender, as one process reaches it: it breaks where the plan says so, and what passes is noted. */
export class SimSender implements Sender {
  readonly #inner: Sender;
  readonly #address: string;
  readonly #boundary: Boundary;
  readonly #copied: Set<string>;

  /** @param copied the messages of which a retry copy was accepted, and whose original is still to be completed. */
  constructor(inner: Sender, { address }: Destination, boundary: Boundary, copied: Set<string>) {
    this.#inner = inner;
    this.#address = address;
    this.#boundary = boundary;
    this.#copied = copied;
  }

  async send(messages: readonly Outgoing[]): Promise<readonly SendResult[]> {
    const { process, faults, brokerRuntime } = this.#boundary;
    const fault = faults.take("send", `${process.name} ${this.#address}`);
    switch (fault?.mode) {
      case undefined:
        return this.#store(messages, true);
      case "lose":
        await this.#store(messages, false);
        return messages.map(() => ({ ok: false, error: new WaybillError("ambiguousSend", "no answer") }));
      case "late": {
        const results = await this.#store(messages, true);
        await after(brokerRuntime, fault?.delayMs ?? 0);
        return results;
      }
      case "twice": {
        const results = await this.#store(messages, true);
        await this.#store(messages.map(again), false);
        for (const { envelope } of messages) this.#copied.delete(envelope.id);
        return results;
      }
      default:
        for (const message of messages) this.#refused(message);
        return messages.map(() => ({ ok: false, error: failure(fault?.mode ?? "refuse") }));
    }
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }

  async #store(messages: readonly Outgoing[], heard: boolean): Promise<readonly SendResult[]> {
    const { process, history } = this.#boundary;
    const results = await this.#inner.send(messages);
    for (const [index, message] of messages.entries()) {
      const { id, brokerId, causationId, body } = message.envelope;
      if (results[index]?.ok !== true) {
        this.#refused(message);
        continue;
      }
      if (brokerId !== undefined) this.#copied.add(id);
      history.add({
        kind: "accepted",
        process: process.name,
        channel: this.#address,
        id,
        brokerId,
        cause: causationId,
        body: Buffer.from(body).toString(),
        delayMs: message.dueMs === undefined ? undefined : message.dueMs - process.runtime.now(),
        heard,
      });
    }
    return results;
  }

  #refused({ envelope: { id, causationId } }: Outgoing): void {
    const { process, history } = this.#boundary;
    const place = { process: process.name, channel: this.#address };
    history.add({ kind: "refused", ...place, id, cause: causationId });
  }
}

/** The message a second time, as a network sends it that no duplicate detection sees through. */
const again = (message: Outgoing): Outgoing => ({
  ...message,
  envelope: { ...message.envelope, brokerId: `${message.envelope.id} twice` },
});
