import type { DequeuedMessageItem } from "@azure/storage-queue";
import {
  WaybillError,
  type BacklogEvidence,
  type Delivery,
  type Receiver,
  type SettleRequest,
} from "../../src/transport/index.js";
import { mapError, mapSettleError } from "./map-error.js";
import { MessageDelivery } from "./message-delivery.js";
import { lastDelivery, retirementOf, type RetirementRules } from "./retire.js";
import { putBackUnseen, settleMessage, type SettlingQueues } from "./settle-message.js";

/** The most that one request brings [Get Messages]. */
export const maxReceived = 32;

/** How a receiver goes about its queue. */
export interface ReceiverSettings extends SettlingQueues {
  readonly minPollMs: number;
  readonly maxPollMs: number;
  readonly rules: RetirementRules;
  /** How long a message is invisible, in whole seconds. */
  readonly invisibleSeconds: number;
}

/**
 * Receives from a queue. The service answers an empty queue at once, so it is asked again after a pause that doubles.
 *
 * A request is never cut off: its answer would be lost, and its messages invisible. What comes when nobody waits any
 * more is put back.
 */
export class MessageReceiver implements Receiver {
  readonly #settings: ReceiverSettings;
  readonly #name: string;
  /** Ends the waits, for a close. */
  readonly #waits = new Set<() => void>();
  /** Requests whose answers must still be dealt with. */
  readonly #asked = new Set<Promise<void>>();
  #closed = false;

  constructor(settings: ReceiverSettings) {
    this.#settings = settings;
    this.#name = settings.queue.name;
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    const { minPollMs, maxPollMs } = this.#settings;
    for (
      let pauseMs = minPollMs;
      !this.#closed && !signal.aborted;
      pauseMs = Math.min(pauseMs * 2, maxPollMs)
    ) {
      const received = await this.#ask(max, signal);
      const deliveries = await this.#withoutRetired(received);
      if (deliveries.length > 0) return deliveries;
      // Something was there: ask again at once.
      if (received.length > 0) continue;
      if (!signal.aborted) await this.#pause(pauseMs, signal);
    }
    return [];
  }

  settle(requests: readonly SettleRequest[]): Promise<readonly (WaybillError | undefined)[]> {
    return Promise.all(requests.map((request) => this.#settle(request)));
  }

  renew(deliveries: readonly Delivery[]): Promise<readonly (number | WaybillError)[]> {
    return Promise.all(deliveries.map((delivery) => this.#renew(delivery)));
  }

  /** Those that are invisible the service does not show. */
  async backlog(): Promise<BacklogEvidence | undefined> {
    const { peekedMessageItems: seen } = await this.#settings.queue.ask(
      `cannot look at "${this.#name}"`,
      (client) => client.peekMessages({ numberOfMessages: 1 }),
    );
    return seen[0] === undefined ? undefined : { id: seen[0].messageId, mayBeLocked: false };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const end of [...this.#waits]) end();
    await Promise.all(this.#asked);
  }

  /** One request. Answers nothing as soon as nobody waits. */
  #ask(max: number, signal: AbortSignal): Promise<readonly MessageDelivery[]> {
    const { runtime, queue, invisibleSeconds } = this.#settings;
    const doing = `cannot receive from "${this.#name}"`;
    const options = { numberOfMessages: Math.min(max, maxReceived), visibilityTimeout: invisibleSeconds };
    const lockedUntilMs = runtime.now() + invisibleSeconds * 1_000;
    return new Promise((resolve, reject) => {
      let waits = true;
      const end = this.#until(signal, () => {
        waits = false;
        resolve([]);
      });
      const answered = queue
        .ask(
          doing,
          (client) => client.receiveMessages(options),
          ({ receivedMessageItems }) => void this.#putBack(receivedMessageItems),
        )
        .then(
          async ({ receivedMessageItems: items }) => {
            end();
            if (waits) resolve(items.map((item) => new MessageDelivery(item, lockedUntilMs)));
            else await this.#putBack(items);
          },
          (error: unknown) => {
            end();
            reject(mapError(error, doing));
          },
        );
      this.#asked.add(answered);
      void answered.finally(() => this.#asked.delete(answered));
    });
  }

  /** Dead-letters what its rules give up. What cannot be moved now is visible again later, and given up then. */
  async #withoutRetired(deliveries: readonly MessageDelivery[]): Promise<readonly MessageDelivery[]> {
    const { rules, runtime } = this.#settings;
    const kept: MessageDelivery[] = [];
    const retired = deliveries.flatMap((delivery) => {
      const record = retirementOf(delivery, rules, runtime);
      if (record !== undefined) return { delivery, action: { kind: "deadLetter", record } } as const;
      kept.push(delivery);
      return [];
    });
    if (retired.length > 0) await this.settle(retired);
    return kept;
  }

  #pause(pauseMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#settings.runtime.after(pauseMs, () => {
        end();
        resolve();
      });
      const end = this.#until(signal, () => {
        timer.cancel();
        resolve();
      });
    });
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

  /** What cannot be put back is visible again when its time is up. */
  async #putBack(items: readonly DequeuedMessageItem[]): Promise<void> {
    const putBack = items.map(async (item) => putBackUnseen(this.#settings, new MessageDelivery(item, 0)));
    await Promise.allSettled(putBack);
  }

  async #settle({ delivery, action }: SettleRequest): Promise<WaybillError | undefined> {
    const doing = `cannot ${action.kind} a message of "${this.#name}"`;
    try {
      const own = ownDelivery(delivery);
      const { rules, runtime } = this.#settings;
      await settleMessage(this.#settings, own, lastDelivery(own, action, rules, runtime));
      return undefined;
    } catch (error) {
      return mapSettleError(error, doing);
    }
  }

  async #renew(delivery: Delivery): Promise<number | WaybillError> {
    const { runtime, queue, invisibleSeconds } = this.#settings;
    const doing = `cannot renew a message of "${this.#name}"`;
    try {
      const own = ownDelivery(delivery);
      return await own.use(runtime, async (popReceipt) => {
        const lockedUntilMs = runtime.now() + invisibleSeconds * 1_000;
        const { messageId } = own.broker;
        const updated = await queue.ask(doing, (client) =>
          client.updateMessage(messageId, popReceipt, undefined, invisibleSeconds),
        );
        own.renewed(updated.popReceipt, lockedUntilMs);
        return lockedUntilMs;
      });
    } catch (error) {
      return mapError(error, doing);
    }
  }
}

/** @throws {WaybillError} `settleFailed` for a delivery that no receiver of this kind made. */
function ownDelivery(delivery: Delivery): MessageDelivery {
  if (delivery instanceof MessageDelivery) return delivery;
  throw new WaybillError("settleFailed", "this is no delivery of a storage queue", { class: "permanent" });
}
