import type { EventGridReceiverClient } from "@azure/eventgrid-namespaces";
import {
  WaybillError,
  type Delivery,
  type Receiver,
  type Runtime,
  type SettleRequest,
} from "../../src/transport/index.js";
import type { Client } from "./client.js";
import { EventDelivery, ownDelivery } from "./event-delivery.js";
import { mapError } from "./map-error.js";
import type { ListenerPark } from "./park.js";
import { receiveEvents } from "./received-events.js";
import { askForAll, releaseVerb, verbOf, type Verb } from "./settle-events.js";

/** The most that one request brings [Receive]. */
const maxReceived = 100;

/**
 * How long a receive that was cut off takes to answer: the service is to hear of it before anybody sends what it would hand
 * out to the one who went.
 */
const cutOffMs = 250;

/** How a receiver goes about its subscription. */
export interface ReceiverSettings {
  readonly client: Client<EventGridReceiverClient>;
  /** For people: `topic/subscription`. */
  readonly name: string;
  /** Where dead letters go; without it the service keeps them. */
  readonly park: ListenerPark | undefined;
  readonly runtime: Runtime;
  readonly lockMs: number;
  /** How long the service waits for events, in whole seconds. */
  readonly waitSeconds: number;
}

/**
 * Pulls from a queue subscription of a namespace topic, with one request at a time that waits for events.
 *
 * A request that nobody waits for any more is cut off. What the service handed out in that moment comes again when its
 * lock has ended.
 */
export class EventReceiver implements Receiver {
  readonly #settings: ReceiverSettings;
  /** Receives that are under way, by what ends them. */
  readonly #asked = new Map<AbortController, Promise<unknown>>();
  #closed = false;

  constructor(settings: ReceiverSettings) {
    this.#settings = settings;
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    while (!this.#closed && !signal.aborted) {
      const abort = new AbortController();
      const asked = this.#ask(Math.min(max, maxReceived), signal, abort);
      this.#asked.set(abort, asked);
      const events = await asked.finally(() => this.#asked.delete(abort));
      if (events.length > 0) return events;
    }
    return [];
  }

  async settle(requests: readonly SettleRequest[]): Promise<readonly (WaybillError | undefined)[]> {
    const answers = new Array<WaybillError | undefined>(requests.length);
    const groups = new Map<Verb, Member[]>();
    await Promise.all(
      requests.map(async (request, index) => {
        try {
          const delivery = ownDelivery(request.delivery);
          const verb = await this.#prepare(delivery, request);
          const members = groups.get(verb) ?? [];
          groups.set(verb, [...members, { index, delivery }]);
        } catch (error) {
          answers[index] = mapError(error, this.#doing(request.action.kind));
        }
      }),
    );
    await Promise.all([...groups].map(([verb, members]) => this.#settle(verb, members, answers)));
    return answers;
  }

  async renew(deliveries: readonly Delivery[]): Promise<readonly (number | WaybillError)[]> {
    const { client, lockMs, runtime } = this.#settings;
    const answers = new Array<number | WaybillError>(deliveries.length);
    const held: Member[] = [];
    for (const [index, each] of deliveries.entries()) {
      try {
        const delivery = ownDelivery(each);
        delivery.checkHeld(runtime.now());
        held.push({ index, delivery });
      } catch (error) {
        answers[index] = mapError(error, this.#doing("renew"));
      }
    }
    const untilMs = runtime.now() + lockMs;
    const own = held.map(({ delivery }) => delivery);
    const refusals = await askForAll(client, "renew", own, this.#doing("renew"));
    for (const [at, { index, delivery }] of held.entries()) {
      const refused = refusals[at];
      if (refused === undefined) delivery.lockedUntilMs = untilMs;
      answers[index] = refused ?? untilMs;
    }
    return answers;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const abort of this.#asked.keys()) abort.abort();
    await Promise.allSettled(this.#asked.values());
  }

  /** One request. Answers nothing as soon as nobody waits. */
  async #ask(
    maxEvents: number,
    signal: AbortSignal,
    abort: AbortController,
  ): Promise<readonly EventDelivery[]> {
    const { client, name, waitSeconds, lockMs, runtime } = this.#settings;
    const doing = `cannot receive from "${name}"`;
    const stop = (): void => {
      abort.abort();
    };
    signal.addEventListener("abort", stop, { once: true });
    const request = { maxEvents, maxWaitTime: waitSeconds, abortSignal: abort.signal };
    try {
      const events = await client.ask(doing, (receiver) => receiveEvents(receiver, request), {
        abort,
        moreMs: waitSeconds * 1_000,
      });
      const lockedUntilMs = runtime.now() + lockMs;
      const deliveries = events.map((event) => new EventDelivery(event, lockedUntilMs));
      if (!signal.aborted && !this.#closed) return deliveries;
      await askForAll(client, releaseVerb(0), deliveries, `cannot put an event of "${name}" back`);
    } catch (error) {
      if (!signal.aborted && !this.#closed) throw mapError(error, doing);
      await new Promise<void>((resolve) => void runtime.after(cutOffMs, resolve));
    } finally {
      signal.removeEventListener("abort", stop);
    }
    return [];
  }

  /** Does what must be done before the service is asked, and says what it is asked. */
  async #prepare(delivery: EventDelivery, { action }: SettleRequest): Promise<Verb> {
    const { park, name, runtime } = this.#settings;
    const verb = verbOf(action);
    if (verb === undefined)
      throw new WaybillError(
        "unsupported",
        `an event of "${name}" cannot be deferred: release it with a delay`,
      );
    delivery.take(runtime.now());
    if (action.kind !== "deadLetter" || park === undefined) return verb;
    try {
      // Before the event is acknowledged: a crash in between leaves both, and loses neither.
      await park.keep(delivery, action.record);
      return "acknowledge";
    } catch (error) {
      delivery.giveBack();
      throw error;
    }
  }

  async #settle(
    verb: Verb,
    members: readonly Member[],
    answers: (WaybillError | undefined)[],
  ): Promise<void> {
    const deliveries = members.map(({ delivery }) => delivery);
    const [doing = verb] = verb.split(" ");
    const refusals = await askForAll(this.#settings.client, verb, deliveries, this.#doing(doing));
    for (const [at, { index, delivery }] of members.entries()) {
      const refused = refusals[at];
      answers[index] = refused;
      if (refused !== undefined && refused.code !== "lockLost") delivery.giveBack();
    }
  }

  #doing(what: string): string {
    return `cannot ${what} an event of "${this.#settings.name}"`;
  }
}

interface Member {
  readonly index: number;
  readonly delivery: EventDelivery;
}
