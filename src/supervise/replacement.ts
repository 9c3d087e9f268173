import type { Pump } from "../consume/pump.js";
import { WaybillError } from "../errors.js";
import type { ClientCare } from "./client-care.js";
import { settleWithin } from "./settle-within.js";
import type { SupervisedReceiver } from "./supervised-receiver.js";
import type { SupervisionTimes } from "./times.js";

/** What a replacement works on. */
export interface ReplacementParts {
  readonly pump: Pump;
  readonly receiver: SupervisedReceiver;
  readonly care: ClientCare;
  readonly times: SupervisionTimes;
}

/** Puts a consumer on a new link: over its client, over a new one, or over one of its own. */
export class Replacement {
  readonly #parts: ReplacementParts;
  /** The client that its receiver uses. */
  #generation: number;

  constructor(parts: ReplacementParts) {
    this.#parts = parts;
    this.#generation = parts.care.generation;
  }

  /** @throws why it could not be made; then the consumer goes on as before */
  async make(what: "link" | "client" | "apart"): Promise<void> {
    const { pump, receiver, care } = this.#parts;
    const late = pump.intake.abandon();
    try {
      if (what === "client") care.leave(this.#generation);
      if (pump.consumer.source.kind === "group") await this.#makeAlone(what === "apart");
      else pump.intake.await(receiver.replace(what === "apart", { open: pump.openDeliveries(), late }));
      this.#generation = care.generation;
    } finally {
      pump.intake.goOn();
    }
  }

  /** A member of a group that is followed by another one first gives up its partitions, and what it has of them. */
  async #makeAlone(apart: boolean): Promise<void> {
    const { pump, receiver, times } = this.#parts;
    const { runtime, source } = pump.consumer;
    await settleWithin(runtime, times.answerMs, pump.storeProgress());
    await receiver.replaceAlone(apart, (closing) => settleWithin(runtime, times.answerMs, closing));
    const lost = new WaybillError("lockLost", `the reader of "${source.address}" was made anew`);
    for (const delivery of pump.openDeliveries()) pump.lose(delivery, lost);
  }
}
