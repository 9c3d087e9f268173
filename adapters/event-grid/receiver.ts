import type { EventGridReceiverClient } from "@azure/eventgrid-namespaces";
import {
  WaybillError,
  within,
  type Delivery,
  type Receiver,
  type Runtime,
  type SettleRequest,
} from "../../src/transport/index.js";
import type { Client } from "./client.js";
import { EventDelivery, ownDelivery, type EventGridEvent } from "./event-delivery.js";
import { mapError } from "./map-error.js";
import type { ListenerPark } from "./park.js";
import { receiveEvents } from "./received-events.js";
import { askForAll, releaseVerb, verbOf, type Verb } from "./settle-events.js";

/** The most that one request brings [Receive]. */
const maxReceived = 100;

/**
 * How long a request goes on when its receiver is closed. The service may hear late that a request was cut off, and hand an
 * event to it, which then is locked for nobody.
 */
const lingerMs = 500;

/** How long the service has to hear that it was cut off, before a close says that there is no request any more. */
const hearMs = 250;

/** The longest that a close waits for the requests that it has cut off. */
const maxClosingMs = 5_000;

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
 * What a request brings when nobody waits for it any more is put back. It has no `backlog`: Event Grid lets nobody look without
 * receiving, and to receive is to count a delivery.
 */
export class EventReceiver implements Receiver {
  readonly #settings: ReceiverSettings;
  /** Ends the waits, for a close. */
  readonly #waits = new Set<() => void>();
  /** Requests whose answers must still be dealt with, with what cuts them off. */
  readonly #asked = new Map<Promise<unknown>, AbortController>();
  #closed = false;

  constructor(settings: ReceiverSettings) {
    this.#settings = settings;
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    while (!this.#closed && !signal.aborted) {
      const events = await this.#ask(Math.min(max, maxReceived), signal);
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
    for (const end of [...this.#waits]) end();
    if (this.#asked.size === 0) return;
    const { runtime } = this.#settings;
    let heard = Promise.resolve();
    const timer = runtime.after(lingerMs, () => {
      for (const abort of this.#asked.values()) abort.abort();
      heard = new Promise((resolve) => void runtime.after(hearMs, resolve));
    });
    // A client that ignores that it was cut off is not waited for: what it still brings is put back all the same.
    await within({ runtime, operationMs: maxClosingMs }, this.#doing("close the receive of"), () =>
      Promise.all(this.#asked.keys()),
    ).catch(() => undefined);
    timer.cancel();
    await heard;
  }

  /** One request. Answers nothing as soon as nobody waits. */
  #ask(maxEvents: number, signal: AbortSignal): Promise<readonly EventDelivery[]> {
    const { client, name, waitSeconds } = this.#settings;
    const doing = `cannot receive from "${name}"`;
    const abort = new AbortController();
    const request = { maxEvents, maxWaitTime: waitSeconds, abortSignal: abort.signal };
    return new Promise((resolve, reject) => {
      let waits = true;
      const end = this.#until(signal, () => {
        waits = false;
        resolve([]);
      });
      const answered = client
        .ask(doing, (receiver) => receiveEvents(receiver, request), { abort, moreMs: waitSeconds * 1_000 })
        .then(
          async (events) => {
            end();
            const deliveries = this.#deliveries(events);
            if (waits) resolve(deliveries);
            else await askForAll(client, releaseVerb(0), deliveries, `cannot put an event of "${name}" back`);
          },
          (error: unknown) => {
            end();
            reject(mapError(error, doing));
          },
        );
      this.#asked.set(answered, abort);
      void answered.finally(() => this.#asked.delete(answered));
    });
  }

  #deliveries(events: readonly EventGridEvent[]): readonly EventDelivery[] {
    const { runtime, lockMs } = this.#settings;
    const lockedUntilMs = runtime.now() + lockMs;
    return events.map((event) => new EventDelivery(event, lockedUntilMs));
  }

  /** Calls `stopped` when the signal fires or this closes; returns what ends that. */
  #until(signal: AbortSignal, stopped: () => void): () => void {
    const stop = (): void => {
      end();
      stopped();
    };
    const end = (): void => {
      signal.removeEventListener("abort", stop);
      this.#waits.delete(stop);
    };
    signal.addEventListener("abort", stop, { once: true });
    this.#waits.add(stop);
    return end;
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
