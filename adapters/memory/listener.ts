import {
  WaybillError,
  type BacklogEvidence,
  type BrokerFacts,
  type Delivery,
  type Envelope,
  type MaybePromise,
  type Receiver,
  type SettleAction,
  type SettleRequest,
} from "../../src/transport/index.js";
import type { PullDelivery, PullSubscription, TokenResults } from "./broker/notifier/pull-subscription.js";
import type { ListenerState } from "./listener-state.js";
import { mapError } from "./map-error.js";
import { readNotification } from "./read-notification.js";
import { WaitingReceive } from "./waiting-receive.js";
import type { World } from "./world.js";

/** How long the pull subscription of a listener hides what it handed out, unless the lock is renewed. */
export const listenerLockMs = 60_000;

/** A delivery of a listener. */
class NotificationDelivery implements Delivery {
  readonly envelope: Envelope;
  readonly defect?: WaybillError;
  readonly lane = undefined;
  readonly deliveryCount: number;
  lockedUntilMs: number;
  readonly native: PullDelivery;

  constructor(native: PullDelivery) {
    const { envelope, defect } = readNotification(native.eventId, native.eventJson);
    this.envelope = envelope;
    if (defect !== undefined) this.defect = defect;
    this.deliveryCount = native.deliveryCount;
    this.lockedUntilMs = native.lockedUntilMs;
    this.native = native;
  }

  get broker(): BrokerFacts {
    return { messageId: this.native.eventId };
  }
}

/** Receives from a pull subscription of a notifications channel: at least once, in no order. */
export class Listener implements Receiver {
  readonly #world: World;
  readonly #state: ListenerState;
  readonly #subscription: PullSubscription;
  readonly #waiting = new WaitingReceive();
  #stopListening: (() => void) | undefined;
  #closed = false;

  constructor(world: World, state: ListenerState) {
    this.#world = world;
    this.#state = state;
    this.#subscription = world.notifier.pullSubscription(state.address, state.name);
  }

  receive(max: number, signal: AbortSignal): MaybePromise<readonly Delivery[]> {
    if (this.#closed) return [];
    this.#world.clock.catchUp();
    const taken = this.#take(max);
    if (taken.length > 0 || signal.aborted) return taken;
    const answer = this.#waiting.wait(max, signal, () => this.#stopListening?.());
    this.#listen();
    return answer;
  }

  settle(requests: readonly SettleRequest[]): readonly (WaybillError | undefined)[] {
    this.#world.clock.catchUp();
    const answers = requests.map(({ delivery, action }) => {
      try {
        return this.#settleOne(ownNotification(delivery), action);
      } catch (error) {
        return mapError(error, `cannot ${action.kind} a notification of "${this.#state.address}"`);
      }
    });
    this.#world.clock.arm();
    return answers;
  }

  renew(deliveries: readonly Delivery[]): readonly (number | WaybillError)[] {
    this.#world.clock.catchUp();
    const untilMs = this.#world.clock.nowMs + listenerLockMs;
    return deliveries.map((delivery) => {
      try {
        const own = ownNotification(delivery);
        const failed = failure(this.#subscription.renewLock([own.native.lockToken]), this.#state.address);
        if (failed === undefined) own.lockedUntilMs = untilMs;
        return failed ?? untilMs;
      } catch (error) {
        return mapError(error, `cannot renew the lock of a notification of "${this.#state.address}"`);
      }
    });
  }

  backlog(): BacklogEvidence | undefined {
    this.#world.clock.catchUp();
    return this.#subscription.counts.ready > 0 ? { id: "(the oldest)", mayBeLocked: false } : undefined;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.answer([]);
  }

  #take(max: number): readonly Delivery[] {
    const taken = this.#subscription.take(max);
    if (taken.length > 0) this.#world.clock.arm();
    return taken.map((native) => new NotificationDelivery(native));
  }

  #listen(): void {
    this.#stopListening = this.#subscription.onAvailable(() => {
      const taken = this.#take(this.#waiting.max);
      if (taken.length === 0) this.#listen();
      else this.#waiting.answer(taken);
    });
  }

  #settleOne({ native }: NotificationDelivery, action: SettleAction): WaybillError | undefined {
    const tokens = [native.lockToken];
    const { address } = this.#state;
    switch (action.kind) {
      case "complete":
        return failure(this.#subscription.acknowledge(tokens), address);
      case "abandon":
        return failure(this.#subscription.release(tokens), address);
      case "release":
        return failure(this.#subscription.release(tokens, releaseDelaySeconds(action.delayMs ?? 0)), address);
      case "deadLetter":
        return failure(
          this.#state.rejecting(action.record, () => this.#subscription.reject(tokens)),
          address,
        );
      case "defer":
        return new WaybillError("unsupported", `a notification of "${address}" cannot be deferred`);
    }
  }
}

/** The delays that Event Grid takes. */
const releaseDelays = [0, 10, 60, 600, 3_600];

/** Rounded up, so that nothing comes too early; an hour at most. */
const releaseDelaySeconds = (delayMs: number): number =>
  releaseDelays.find((seconds) => seconds * 1_000 >= delayMs) ?? 3_600;

function failure({ failedLockTokens }: TokenResults, address: string): WaybillError | undefined {
  const [failed] = failedLockTokens;
  if (failed === undefined) return undefined;
  return new WaybillError(
    "lockLost",
    `the lock of a notification of "${address}" is lost: ${failed.error.message}`,
  );
}

/** @throws {WaybillError} `settleFailed` for a delivery that no receiver of this kind made. */
function ownNotification(delivery: Delivery): NotificationDelivery {
  if (delivery instanceof NotificationDelivery) return delivery;
  throw new WaybillError("settleFailed", "this is no delivery of the receiver", { class: "permanent" });
}
