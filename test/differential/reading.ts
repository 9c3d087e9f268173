import type { Connection, Delivery, Receiver, SettleRequest } from "../../src/transport/index.js";
import type { Command, Outcome, Setting } from "./commands.js";
import { answerText, deliveryText, errorText } from "./delivery-text.js";
import { at, each, takeFrom } from "./pick.js";
import { settleAction } from "./settle-action.js";
import type { Place } from "./place.js";
import type { Surroundings } from "./surroundings.js";

/** The commands of a sequence that are a receiver's. */
export class Reading {
  readonly lost: string[] = [];
  readonly #connection: Connection;
  readonly #source: Place["source"];
  readonly #setting: Setting;
  readonly #around: Surroundings;
  readonly #held: Delivery[] = [];
  readonly #settled: Delivery[] = [];
  readonly #deferred: string[] = [];
  #receiver: Receiver;

  constructor(connection: Connection, source: Place["source"], setting: Setting, around: Surroundings) {
    this.#connection = connection;
    this.#source = source;
    this.#setting = setting;
    this.#around = around;
    this.#receiver = this.#open();
  }

  /** Everything that there is, up to `max`. */
  async receive(max: number): Promise<readonly string[]> {
    const got: Delivery[] = [];
    const ending = new AbortController();
    while (got.length < max && !ending.signal.aborted) {
      let answered = false;
      const answer = this.#receiver.receive(max - got.length, ending.signal);
      if (answer instanceof Promise) {
        const over = (): void => void (answered = true);
        answer.then(over, over);
        await this.#around.exhausted(got.length, () => answered);
        if (!answered) ending.abort();
      }
      const deliveries = await answer;
      got.push(...deliveries);
    }
    ending.abort();
    const sorted = byLane(got);
    this.#held.push(...sorted);
    return sorted.map((delivery) => this.#text(delivery));
  }

  async settle(wanted: Settling["each"]): Promise<readonly string[]> {
    const requests: SettleRequest[] = [];
    for (const { pick, outcome } of wanted) {
      const [delivery] = takeFrom(this.#held, pick);
      if (delivery !== undefined) requests.push({ delivery, action: this.#actionOf(delivery, outcome) });
    }
    const answers = await this.#receiver.settle(requests);
    return requests.map(({ delivery, action }, index) => {
      const error = answers[index];
      const number = delivery.broker.sequenceNumber;
      if (error === undefined && action.kind === "defer" && number !== undefined) this.#deferred.push(number);
      this.#settled.push(delivery);
      return `${action.kind} ${delivery.envelope.id}: ${answerText(error)}`;
    });
  }

  async settleAgain(pick: number, outcome: Outcome): Promise<readonly string[]> {
    const delivery = at(this.#settled, pick);
    if (delivery === undefined) return [];
    const [error] = await this.#receiver.settle([{ delivery, action: this.#actionOf(delivery, outcome) }]);
    return [`again ${delivery.envelope.id}: ${answerText(error)}`];
  }

  async renew(picks: readonly number[]): Promise<readonly string[]> {
    const deliveries = each(this.#held, picks);
    const answers = await this.#receiver.renew(deliveries);
    const nowMs = this.#around.runtime.now();
    return deliveries.map(({ envelope, lockedUntilMs }, index) => {
      const answer = answers[index];
      // How a delivery shows the end of a lock that is over says nothing to anybody.
      if (typeof answer !== "number") return `not renewed ${envelope.id}: ${answerText(answer)}`;
      return `renewed ${envelope.id}: ${answer - nowMs}, locked for ${(lockedUntilMs ?? 0) - nowMs}`;
    });
  }

  async receiveDeferred(pick: number): Promise<readonly string[]> {
    const number = at(this.#deferred, pick);
    if (number === undefined) return [];
    const deliveries = (await this.#receiver.receiveDeferred?.([number])) ?? [];
    this.#held.push(...deliveries);
    return deliveries.map((delivery) => `deferred ${this.#text(delivery)}`);
  }

  async state(pick: number, set: string | null | undefined): Promise<readonly string[]> {
    const delivery = at(this.#held, pick);
    if (delivery === undefined) return [];
    if (set !== undefined) {
      await this.#receiver.setSessionState?.(delivery, set === null ? undefined : Buffer.from(set));
    }
    const state = await this.#receiver.sessionState?.(delivery);
    return [`state ${state === undefined ? "none" : Buffer.from(state).toString("hex")}`];
  }

  /** What the old receiver holds is out of reach: its locks run out, its sessions are given up. */
  async reopen(): Promise<readonly string[]> {
    await this.#receiver.close();
    this.#held.length = 0;
    this.#settled.length = 0;
    this.#receiver = this.#open();
    return this.receive(this.#setting.max);
  }

  async close(): Promise<void> {
    await this.#receiver.close();
  }

  #open(): Receiver {
    const { lanes, perLane } = this.#setting;
    return this.#connection.receiver(this.#source, {
      lanes,
      perLane,
      startFrom: "earliest",
      onLost: (delivery, error) => this.lost.push(`lost ${delivery.envelope.id}: ${errorText(error)}`),
    });
  }

  #text(delivery: Delivery): string {
    return deliveryText(delivery, this.#around.runtime.now());
  }

  #actionOf(delivery: Delivery, outcome: Outcome): SettleRequest["action"] {
    return settleAction(this.#source.address, delivery, outcome);
  }
}

type Settling = Extract<Command, { do: "settle" }>;

/** Between lanes nobody promises an order. */
const byLane = (deliveries: readonly Delivery[]): readonly Delivery[] =>
  [...deliveries].sort(({ lane: left = "" }, { lane: right = "" }) =>
    left < right ? -1 : left > right ? 1 : 0,
  );
