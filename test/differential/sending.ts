import type { Envelope, Outgoing, Runtime, Sender } from "../../src/transport/index.js";
import type { Draft } from "./commands.js";
import { errorText } from "./delivery-text.js";
import { at } from "./pick.js";

/** The commands of a sequence that are a sender's. */
export class Sending {
  readonly #sender: Sender;
  readonly #runtime: Runtime;
  readonly #tokens: string[] = [];

  constructor(sender: Sender, runtime: Runtime) {
    this.#sender = sender;
    this.#runtime = runtime;
  }

  async send(drafts: readonly Draft[]): Promise<readonly string[]> {
    const results = await this.#sender.send(drafts.map((draft) => outgoingOf(draft, this.#runtime.now())));
    return results.map((result) => {
      if (!result.ok)
        return `refused ${errorText(result.error)} ${String(result.batch)} ${String(result.unsent)}`;
      if (result.scheduleToken !== undefined) this.#tokens.push(result.scheduleToken);
      return `accepted ${String(result.scheduleToken)}`;
    });
  }

  async cancel(pick: number): Promise<readonly string[]> {
    const token = at(this.#tokens, pick);
    if (token === undefined) return [];
    return [`cancelled ${token}: ${String(await this.#sender.cancel?.([token]))}`];
  }

  async close(): Promise<void> {
    await this.#sender.close();
  }
}

function outgoingOf({ id, bodyBytes, key, ttlMs, inMs, headers }: Draft, nowMs: number): Outgoing {
  const envelope: Envelope = {
    id,
    source: "differential",
    type: "differential.message",
    version: 1,
    contentType: "application/octet-stream",
    headers,
    history: {},
    extensions: {},
    body: Buffer.alloc(bodyBytes, id),
    ...(key === undefined ? {} : { key }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
  };
  return { envelope, ...(inMs === undefined ? {} : { dueMs: nowMs + inMs }) };
}
