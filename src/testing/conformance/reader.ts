import type { WaybillError } from "../../errors.js";
import type { DeadLetterRecord } from "../../message/envelope.js";
import type { Delivery, Receiver, SettleAction } from "../../transport/transport.js";
import { present } from "./check.js";
import type { Thing } from "./conduit.js";
import type { Time } from "./time.js";

/** A receiver of a transport, in the words of a behaviour. Messages of other runs are completed and not shown. */
export class Reader {
  readonly receiver: Receiver;
  /** Deliveries whose lock the receiver said to be lost. */
  readonly lost: { readonly delivery: Delivery; readonly error: WaybillError }[];
  readonly #time: Time;
  readonly #run: string;

  constructor(receiver: Receiver, lost: Reader["lost"], time: Time, run: string) {
    this.receiver = receiver;
    this.lost = lost;
    this.#time = time;
    this.#run = run;
  }

  /** The first deliveries to come, up to `max`; none if `waitMs` pass before. */
  async take(max = 10, waitMs = 2_000): Promise<readonly Delivery[]> {
    const { runtime } = this.#time;
    const end = new AbortController();
    const timer = runtime.after(waitMs, () => {
      end.abort();
    });
    const got = await this.#time.finish((async () => this.receiver.receive(max, end.signal))());
    timer.cancel();
    const own = got.filter(({ envelope }) => isOfRun(envelope.headers["run"], this.#run));
    for (const foreign of got) if (!own.includes(foreign)) await this.settle(foreign, { kind: "complete" });
    return own;
  }

  /** One delivery. @throws {ConformanceFailure} if none comes. */
  async one(waitMs?: number): Promise<Delivery> {
    const [delivery] = await this.take(1, waitMs);
    return present(delivery, "a message is delivered");
  }

  /** Takes and completes until `count` have come, or none comes any more. */
  async drain(count = Infinity, waitMs = 2_000): Promise<readonly Delivery[]> {
    const all: Delivery[] = [];
    while (all.length < count) {
      const got = await this.take(Math.min(256, count - all.length), waitMs);
      if (got.length === 0) break;
      all.push(...got);
      await this.receiver.settle(got.map((delivery) => ({ delivery, action: { kind: "complete" } })));
    }
    return all;
  }

  /** Settles one delivery; why it failed, if it did. */
  async settle(delivery: Delivery, action: SettleAction): Promise<WaybillError | undefined> {
    const [answer] = await this.receiver.settle([{ delivery, action }]);
    return answer;
  }

  complete(delivery: Delivery): Promise<WaybillError | undefined> {
    return this.settle(delivery, { kind: "complete" });
  }

  release(delivery: Delivery): Promise<WaybillError | undefined> {
    return this.settle(delivery, { kind: "release", history: delivery.envelope.history });
  }

  abandon(delivery: Delivery): Promise<WaybillError | undefined> {
    return this.settle(delivery, { kind: "abandon", history: delivery.envelope.history });
  }

  deadLetter(delivery: Delivery, more: Partial<DeadLetterRecord> = {}): Promise<WaybillError | undefined> {
    return this.settle(delivery, { kind: "deadLetter", record: { ...plainRecord, ...more } });
  }

  async renew(delivery: Delivery): Promise<number | WaybillError | undefined> {
    const [answer] = await this.receiver.renew([delivery]);
    return answer;
  }

  async checkpoint(delivery: Delivery): Promise<void> {
    await this.receiver.checkpoint?.(delivery);
  }

  async close(): Promise<void> {
    await this.receiver.close();
  }
}

/** Messages without a mark are the behaviour's own: foreign producers mark nothing. */
const isOfRun = (mark: unknown, run: string): boolean => mark === undefined || mark === run;

const plainRecord: DeadLetterRecord = {
  reason: "Permanent",
  description: "it cannot be done",
  attempts: 1,
  deliveryCount: 1,
  consumer: "conformance",
  from: "here",
  at: "2026-01-01T00:00:00.000Z",
};

/** The data of a delivery. */
export const thingOf = ({ envelope }: Pick<Delivery, "envelope">): Thing =>
  JSON.parse(Buffer.from(envelope.body).toString()) as Thing;

/** The numbers of deliveries, in order. */
export const numbersOf = (deliveries: readonly Pick<Delivery, "envelope">[]): readonly number[] =>
  deliveries.map((delivery) => thingOf(delivery).n);
