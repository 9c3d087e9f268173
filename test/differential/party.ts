import {
  isWaybillError,
  type Connection,
  type DeadLetterDelivery,
  type DeadLetterReceiver,
  type DeadLetterRecord,
  type Delivery,
  type Envelope,
  type Outgoing,
  type QueueSource,
  type Receiver,
  type Runtime,
  type Sender,
  type SettleAction,
  type SettleRequest,
  type WaybillError,
} from "../../src/transport/index.js";
import type { Command, Draft, Outcome, Setting } from "./commands.js";
import { deliveryText, errorText } from "./delivery-text.js";

/** What a party cannot see through the interface of transports. */
export interface Surroundings {
  readonly runtime: Runtime;
  /** Resolves when nothing more will come to a receive that waits and has got so many deliveries, or when it is answered. */
  exhausted(got: number, answered: () => boolean): Promise<void>;
  /** Resolves when all that the last command began is over. */
  atRest(): Promise<void>;
  /** Everything that is in the queue and in its dead-letter queue, as lines. */
  look(): readonly string[];
}

/** Does the commands of a sequence through one adapter, and says what can be observed of each. */
export class Party {
  readonly held: Delivery[] = [];
  readonly lost: string[] = [];
  readonly #connection: Connection;
  readonly #source: QueueSource;
  readonly #setting: Setting;
  readonly #around: Surroundings;
  readonly #sender: Sender;
  readonly #settled: Delivery[] = [];
  readonly #deferred: string[] = [];
  readonly #tokens: string[] = [];
  readonly #letters: string[] = [];
  readonly #taken: DeadLetterDelivery[] = [];
  /** Deliveries that were fetched by their number. */
  readonly #byNumber = new WeakSet<Delivery>();
  #receiver: Receiver;
  #deadLetters: DeadLetterReceiver | undefined;

  constructor(connection: Connection, source: QueueSource, setting: Setting, around: Surroundings) {
    this.#connection = connection;
    this.#source = source;
    this.#setting = setting;
    this.#around = around;
    this.#sender = connection.sender(source);
    this.#receiver = this.#open();
  }

  /**
   * Opens its links. The service lets messages expire that wait only where somebody is attached, and a client that has
   * not asked yet is not.
   */
  async begin(): Promise<void> {
    await this.#receive(this.#setting.max);
    await this.rest();
  }

  /** Resolves when all that was begun is over. */
  async rest(): Promise<void> {
    await this.#around.atRest();
  }

  /** What can be observed of a command, as lines. `advance` is for the caller to do: both share one clock. */
  async run(command: Command): Promise<readonly string[]> {
    const seen = await this.#attempt(command);
    await this.rest();
    return seen;
  }

  /** What was lost since the last time. */
  takeLost(): readonly string[] {
    return this.lost.splice(0).sort();
  }

  /** What is left, and the end. */
  async end(): Promise<readonly string[]> {
    const seen = this.#around.look();
    await Promise.all([this.#receiver.close(), this.#sender.close(), this.#deadLetters?.close()]);
    return seen;
  }

  async #attempt(command: Command): Promise<readonly string[]> {
    try {
      return await this.#do(command);
    } catch (error) {
      if (!isWaybillError(error)) throw error;
      return [`threw ${errorText(error)}`];
    }
  }

  async #do(command: Command): Promise<readonly string[]> {
    switch (command.do) {
      case "send":
        return this.#send(command.drafts);
      case "receive":
        return this.#receive(command.max);
      case "settle":
        return this.#settle(command.each);
      case "settleAgain":
        return this.#settleAgain(command.pick, command.outcome);
      case "renew":
        return this.#renew(command.picks);
      case "receiveDeferred":
        return this.#receiveDeferred(command.pick);
      case "state":
        return this.#state(command.pick, command.set);
      case "cancel":
        return this.#cancel(command.pick);
      case "advance":
        return [];
      case "peekLetters":
        return this.#peekLetters(command.max);
      case "takeLetters":
        return this.#takeLetters(command.picks);
      case "settleLetter":
        return this.#settleLetter(command.pick, command.outcome);
      case "reopen":
        return this.#reopen();
    }
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

  #dead(): DeadLetterReceiver {
    return (this.#deadLetters ??= this.#connection.deadLetters(this.#source));
  }

  async #send(drafts: readonly Draft[]): Promise<readonly string[]> {
    const results = await this.#sender.send(
      drafts.map((draft) => outgoingOf(draft, this.#around.runtime.now())),
    );
    return results.map((result) => {
      if (!result.ok)
        return `refused ${errorText(result.error)} ${String(result.batch)} ${String(result.unsent)}`;
      if (result.scheduleToken !== undefined) this.#tokens.push(result.scheduleToken);
      return `accepted ${String(result.scheduleToken)}`;
    });
  }

  /** Everything that there is, up to `max`. */
  async #receive(max: number): Promise<readonly string[]> {
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
    this.held.push(...sorted);
    return sorted.map((delivery) => this.#text(delivery));
  }

  async #settle(each: Settling["each"]): Promise<readonly string[]> {
    const requests: SettleRequest[] = [];
    for (const { pick, outcome } of each) {
      const [delivery] = takeFrom(this.held, pick);
      if (delivery !== undefined) requests.push({ delivery, action: this.#actionOf(delivery, outcome) });
    }
    const answers = await this.#receiver.settle(requests);
    return requests.map(({ delivery, action }, at) => {
      const error = answers[at];
      const number = delivery.broker.sequenceNumber;
      if (error === undefined && action.kind === "defer" && number !== undefined) this.#deferred.push(number);
      this.#settled.push(delivery);
      return `${action.kind} ${delivery.envelope.id}: ${answerText(error)}`;
    });
  }

  async #settleAgain(pick: number, outcome: Outcome): Promise<readonly string[]> {
    const delivery = at(this.#settled, pick);
    if (delivery === undefined) return [];
    const [error] = await this.#receiver.settle([{ delivery, action: this.#actionOf(delivery, outcome) }]);
    return [`again ${delivery.envelope.id}: ${answerText(error)}`];
  }

  async #renew(picks: readonly number[]): Promise<readonly string[]> {
    const deliveries = [...new Set(picks.map((pick) => at(this.held, pick)))].filter(
      (each) => each !== undefined,
    );
    const answers = await this.#receiver.renew(deliveries);
    const nowMs = this.#around.runtime.now();
    return deliveries.map(({ envelope, lockedUntilMs }, index) => {
      const answer = answers[index];
      // How a delivery shows the end of a lock that is over says nothing to anybody.
      if (typeof answer !== "number") return `not renewed ${envelope.id}: ${answerText(answer)}`;
      return `renewed ${envelope.id}: ${answer - nowMs}, locked for ${(lockedUntilMs ?? 0) - nowMs}`;
    });
  }

  async #receiveDeferred(pick: number): Promise<readonly string[]> {
    const number = at(this.#deferred, pick);
    if (number === undefined) return [];
    const deliveries = (await this.#receiver.receiveDeferred?.([number])) ?? [];
    this.held.push(...deliveries);
    for (const delivery of deliveries) this.#byNumber.add(delivery);
    return deliveries.map((delivery) => `deferred ${this.#text(delivery)}`);
  }

  async #state(pick: number, set: string | null | undefined): Promise<readonly string[]> {
    const delivery = at(this.held, pick);
    if (delivery === undefined) return [];
    if (set !== undefined) {
      await this.#receiver.setSessionState?.(delivery, set === null ? undefined : Buffer.from(set));
    }
    const state = await this.#receiver.sessionState?.(delivery);
    return [`state ${state === undefined ? "none" : Buffer.from(state).toString("hex")}`];
  }

  async #cancel(pick: number): Promise<readonly string[]> {
    const token = at(this.#tokens, pick);
    if (token === undefined) return [];
    return [`cancelled ${token}: ${String(await this.#sender.cancel?.([token]))}`];
  }

  async #peekLetters(max: number): Promise<readonly string[]> {
    const letters = await this.#dead().peek(max);
    this.#letters.splice(0, Infinity, ...letters.map(({ broker }) => broker.sequenceNumber ?? ""));
    return letters.map((letter) => `letter ${this.#text(letter)}`);
  }

  async #takeLetters(picks: readonly number[]): Promise<readonly string[]> {
    const numbers = [...new Set(picks.map((pick) => at(this.#letters, pick)))].filter(
      (each) => each !== undefined,
    );
    const taken = numbers.length === 0 ? [] : await this.#dead().take(numbers);
    this.#taken.push(...taken);
    return taken.map((letter) => `took ${this.#text(letter)}`);
  }

  async #settleLetter(pick: number, outcome: "complete" | "release"): Promise<readonly string[]> {
    const [letter] = takeFrom(this.#taken, pick);
    if (letter === undefined) return [];
    const action = this.#actionOf(letter, outcome);
    const [error] = await this.#dead().settle([{ delivery: letter, action }]);
    return [`${outcome} letter ${letter.envelope.id}: ${answerText(error)}`];
  }

  /** What the old receiver holds is out of reach: its locks run out, its sessions are given up. */
  async #reopen(): Promise<readonly string[]> {
    await this.#receiver.close();
    this.held.length = 0;
    this.#settled.length = 0;
    this.#receiver = this.#open();
    return this.#receive(this.#setting.max);
  }

  #text(delivery: Delivery): string {
    return deliveryText(delivery, this.#around.runtime.now());
  }

  #actionOf(delivery: Delivery, wanted: Outcome): SettleAction {
    const { deliveryCount, envelope } = delivery;
    // Service Bus has no release for what came over no link, so its adapter abandons, which counts; in memory it need not.
    const outcome = wanted === "release" && this.#byNumber.has(delivery) ? "abandon" : wanted;
    const history = { attempts: deliveryCount, firstFailedAt: when };
    if (outcome === "abandon" || outcome === "release") return { kind: outcome, history };
    if (outcome !== "deadLetter") return { kind: outcome };
    const record: DeadLetterRecord = {
      reason: "Permanent",
      description: `given up: ${envelope.id} \u00e9`,
      errorName: "Error",
      attempts: deliveryCount,
      deliveryCount,
      consumer: "differential",
      from: this.#source.address,
      at: when,
    };
    return { kind: "deadLetter", record };
  }
}

type Settling = Extract<Command, { do: "settle" }>;

const when = "2026-01-01T00:00:00.000Z";

const at = <T>(items: readonly T[], pick: number): T | undefined => items[pick % items.length];

const takeFrom = <T>(items: T[], pick: number): readonly T[] =>
  items.length === 0 ? [] : items.splice(pick % items.length, 1);

const answerText = (error: WaybillError | undefined): string =>
  error === undefined ? "done" : errorText(error);

/** Between lanes nobody promises an order. */
const byLane = (deliveries: readonly Delivery[]): readonly Delivery[] =>
  [...deliveries].sort(({ lane: left = "" }, { lane: right = "" }) =>
    left < right ? -1 : left > right ? 1 : 0,
  );

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
