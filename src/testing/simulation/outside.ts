import { noHistory } from "../../message/attributes.js";
import type { Envelope } from "../../message/envelope.js";
import { noHeaders } from "../../message/header-rules.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { Connection, Source, Transport } from "../../transport/transport.js";
import type { SimChannels } from "./contracts.js";
import { nature } from "./fleet.js";
import type { History } from "./history.js";
import type { SimWorld } from "./world.js";
import type { ChannelName, ForeignMessage, PlannedMessage } from "./workload.js";

/** What the outside works with. */
export interface OutsideParts {
  readonly connection: Connection;
  readonly channels: SimChannels;
  readonly world: SimWorld;
  readonly history: History;
}

/** Somebody beside the processes: sends what no producer of ours would, and looks into the broker at the end. */
export class Outside {
  readonly #parts: OutsideParts;
  /** Copies that are still to come. */
  #owed = 0;

  constructor(parts: OutsideParts) {
    this.#parts = parts;
  }

  /** Whether everything has been sent. */
  get done(): boolean {
    return this.#owed === 0;
  }

  /** Sends bytes that are no JSON, or that try to change prototypes, when the scheduler chooses so. */
  sendForeign(messages: readonly ForeignMessage[]): void {
    for (const { id, channel, key, body } of messages) {
      this.#parts.world.gate({
        actor: nature,
        name: { actor: nature.name, what: "sends", subject: channel, id, nth: this.#parts.world.nextGate() },
        side: "",
        run: () => {
          this.#send(channel, { id, source: "outside", key }, body);
        },
      });
    }
  }

  /** Sends copies of old messages, three hours later: a redrive, a slow network. */
  sendStale(copies: number, sent: readonly PlannedMessage[]): void {
    const { world, history } = this.#parts;
    const accepted = history.all.filter((each) => each.kind === "accepted");
    const firsts = accepted.filter(
      ({ heard, brokerId, cause }) => heard && brokerId === undefined && cause === undefined,
    );
    this.#owed = copies;
    world.after(nature, 3 * 3_600_000, () => {
      for (; this.#owed > 0; this.#owed -= 1) {
        const first = firsts[(this.#owed * 7) % firsts.length];
        const planned = sent.find(({ id }) => id === first?.id);
        if (first === undefined || planned === undefined) continue;
        const { id, channel, key, producer } = planned;
        history.add({ kind: "fault", fault: "staleCopy", where: id });
        this.#send(channel, { id, brokerId: `stale ${this.#owed} ${id}`, source: producer, key }, first.body);
      }
    });
  }

  /** Notes the dead letters. */
  noteLetters(): void {
    const { connection, channels, history } = this.#parts;
    for (const source of sourcesOf(channels)) {
      const letters = connection.deadLetters(source).peek(10_000);
      if (letters instanceof Promise) continue;
      for (const { envelope, record } of letters) {
        const body = Buffer.from(envelope.body).toString();
        const { reason, attempts } = record;
        history.add({ kind: "letter", channel: source.address, id: envelope.id, reason, body, attempts });
      }
    }
  }

  #send(
    channel: ChannelName,
    envelope: Pick<Envelope, "id" | "source"> & { key: string; brokerId?: string },
    body: string,
  ): void {
    const { connection, channels, history } = this.#parts;
    const common = { type: "sim.work", version: 1, contentType: "application/json" };
    const bare = { headers: noHeaders, history: noHistory, extensions: noHeaders };
    const sender = connection.sender({ channel: channels[channel]["~channel"], address: channel });
    void sender.send([{ envelope: { ...envelope, ...common, ...bare, body: Buffer.from(body) } }]);
    const rest = { brokerId: undefined, cause: undefined, delayMs: undefined, heard: true };
    history.add({ kind: "accepted", process: "outside", channel, id: envelope.id, body, ...rest });
  }
}

/** Connects the outside to the broker: it sees every channel. */
export async function outsideOf(
  transport: Transport,
  brokerRuntime: Runtime,
  parts: Omit<OutsideParts, "connection">,
): Promise<Outside> {
  const sources = sourcesOf(parts.channels);
  const context = { service: "outside", runtime: brokerRuntime, destinations: sources, sources };
  return new Outside({ ...parts, connection: await transport.connect(context) });
}

function sourcesOf({ jobs, orders, sales }: SimChannels): readonly Source[] {
  return [
    { kind: "queue", channel: jobs["~channel"], address: "jobs" },
    { kind: "queue", channel: orders["~channel"], address: "orders" },
    { kind: "group", channel: sales["~channel"], address: "sales", group: "worker" },
  ];
}
