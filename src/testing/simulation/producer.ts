import type { App } from "../../app.js";
import { isWaybillError } from "../../errors.js";
import { service } from "../../service.js";
import type { SimChannels } from "./contracts.js";
import type { Fleet } from "./fleet.js";
import type { History } from "./history.js";
import type { SimProcess } from "./process.js";
import type { PlannedMessage } from "./workload.js";

/** The service of a producer. */
export const producerService = (name: string, { jobs, orders, sales }: SimChannels) =>
  service(name).sends(jobs, orders, sales);

/** What a producer still has to send; it outlives the process. */
export class Outbox {
  readonly #open: Set<PlannedMessage>;

  constructor(messages: readonly PlannedMessage[]) {
    this.#open = new Set(messages);
  }

  get empty(): boolean {
    return this.#open.size === 0;
  }

  add(messages: readonly PlannedMessage[]): void {
    for (const message of messages) this.#open.add(message);
  }

  lane(lane: number): readonly PlannedMessage[] {
    return [...this.#open].filter((message) => message.lane === lane);
  }

  sent(message: PlannedMessage): void {
    this.#open.delete(message);
  }
}

/** What the producers of a schedule share. */
export interface ProducerParts {
  readonly channels: SimChannels;
  readonly history: History;
  readonly fleet: Fleet;
}

/**
 * Sends what is in the outbox, lane by lane; what fails is sent again with the same id, as the documentation says.
 */
export function produce(parts: ProducerParts, outbox: Outbox, app: App, process: SimProcess): void {
  for (const lane of [0, 1]) {
    void (async () => {
      for (const message of outbox.lane(lane)) {
        while (!(await sendOne(parts, app, process, message))) await process.sleep(5000);
        outbox.sent(message);
      }
    })();
  }
}

/** Whether the message has been accepted, or never will be. */
async function sendOne(
  { channels, history, fleet }: ProducerParts,
  app: App,
  process: SimProcess,
  { n, id, key, channel }: PlannedMessage,
): Promise<boolean> {
  try {
    await fleet.track(process, `send ${n}`, app.send(channels[channel].work, { n, key }, { id }));
    history.add({ kind: "told", process: process.name, n, ok: true });
    return true;
  } catch (error) {
    history.add({ kind: "told", process: process.name, n, ok: false });
    return isWaybillError(error) && error.code === "closed";
  }
}
