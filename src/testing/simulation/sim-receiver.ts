import { WaybillError } from "../../errors.js";
import type {
  BacklogEvidence,
  Delivery,
  MaybePromise,
  Receiver,
  SettleRequest,
  Source,
} from "../../transport/transport.js";
import { after, failure, type Boundary } from "./boundary.js";
import type { Fault, FaultMode, FaultPlace } from "./faults.js";

/** A receiver, as one process reaches it: it breaks where the plan says so, and what passes is noted. */
export class SimReceiver implements Receiver {
  readonly #inner: Receiver;
  readonly #source: Source;
  readonly #boundary: Boundary;
  readonly #copied: Set<string>;
  readonly #numbers = new Map<Delivery, number>();
  readonly #where: string;
  /** It has fallen silent: no receive of it is answered any more. */
  #silent = false;

  constructor(inner: Receiver, source: Source, boundary: Boundary, copied: Set<string>) {
    this.#inner = inner;
    this.#source = source;
    this.#boundary = boundary;
    this.#copied = copied;
    this.#where = `${boundary.process.name} ${source.address}`;
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly Delivery[]> {
    const fault = this.#boundary.faults.take("receive", this.#where, this.#allowed);
    if (fault?.mode === "hang") this.#silent = true;
    if (this.#silent) return new Promise<never>(() => undefined);
    if (fault !== undefined && !hasEffect(fault)) throw failure(fault.mode);
    const deliveries = await this.#inner.receive(max, signal);
    for (const delivery of deliveries) this.#noteReceived(delivery);
    // A receive may wait for long, and its fault with it.
    const loses = fault?.mode === "lose" && !this.#boundary.faults.healed;
    if (loses && deliveries.length > 0) throw failure("refuse");
    if (this.#isLate(fault)) await after(this.#boundary.brokerRuntime, fault.delayMs);
    return deliveries;
  }

  async settle(requests: readonly SettleRequest[]): Promise<readonly (WaybillError | undefined)[]> {
    const fault = this.#settleFault(requests);
    const answers =
      fault !== undefined && !hasEffect(fault)
        ? requests.map(() => new WaybillError("settleFailed", "the settlement did not arrive"))
        : await this.#inner.settle(requests);
    for (const [index, { delivery, action }] of requests.entries()) {
      this.#boundary.history.add({
        kind: "settled",
        process: this.#boundary.process.name,
        channel: this.#source.address,
        id: delivery.envelope.id,
        delivery: this.#numbers.get(delivery) ?? 0,
        action: action.kind,
        ok: answers[index] === undefined,
        heard: fault?.mode !== "lose",
      });
    }
    if (this.#isLate(fault)) await after(this.#boundary.brokerRuntime, fault.delayMs);
    if (fault?.mode === "lose") return requests.map(() => new WaybillError("settleFailed", "no answer"));
    return answers;
  }

  async renew(deliveries: readonly Delivery[]): Promise<readonly (number | WaybillError)[]> {
    const { process, faults, history } = this.#boundary;
    const { crossing } = process;
    const fault = faults.take("renew", this.#where);
    const answers = fault?.mode === "lost" ? [] : await this.#inner.renew(deliveries);
    for (const [index, delivery] of deliveries.entries()) {
      const answer = answers[index];
      history.add({
        kind: "renewed",
        process: process.name,
        delivery: this.#numbers.get(delivery) ?? 0,
        untilMs: typeof answer === "number" ? answer : undefined,
        told: toldOf(fault, answer),
        crossing,
      });
    }
    if (this.#isLate(fault)) await after(this.#boundary.brokerRuntime, fault.delayMs);
    if (fault?.mode === "lost") return deliveries.map(() => new WaybillError("lockLost", "the lock is gone"));
    return fault?.mode === "lose" ? deliveries.map(() => failure("refuse")) : answers;
  }

  async checkpoint(delivery: Delivery): Promise<void> {
    const fault = this.#boundary.faults.take("checkpoint", this.#where);
    if (fault?.mode === "refuse") throw failure("refuse");
    try {
      await this.#inner.checkpoint?.(delivery);
      this.#noteCheckpoint(delivery, true);
    } catch (error) {
      this.#noteCheckpoint(delivery, false);
      throw error;
    }
    if (this.#isLate(fault)) await after(this.#boundary.brokerRuntime, fault.delayMs);
    if (fault?.mode === "lose") throw failure("refuse");
  }

  /** No crossing: a look changes nothing, so nothing can come between it and its answer. */
  backlog(): MaybePromise<BacklogEvidence | undefined> {
    return this.#inner.backlog?.();
  }

  async close(): Promise<void> {
    await this.#inner.close();
    if (this.#boundary.faults.take("close", this.#where) !== undefined)
      await new Promise<never>(() => undefined);
  }

  /**
   * A stream completes in the reader itself, where no answer is lost; and what a reader has taken and not heard of
   * nobody would read again: to notice that gap is another room's part.
   */
  readonly #allowed = (mode: FaultMode): boolean => mode !== "lose" || this.#source.kind !== "group";

  #isLate(fault: Fault | undefined): fault is Fault {
    return fault?.mode === "late" && !this.#boundary.faults.healed;
  }

  #settleFault([request]: readonly SettleRequest[]): Fault | undefined {
    if (request === undefined) return undefined;
    const { faults } = this.#boundary;
    const { id } = request.delivery.envelope;
    const where = `${this.#where} ${id}`;
    const place = this.#placeOf(request);
    const special = place === undefined ? undefined : faults.take(place, where, this.#allowed);
    return special ?? faults.take("settle", where, this.#allowed);
  }

  /** The settlements that have faults of their own. */
  #placeOf({ action, delivery }: SettleRequest): FaultPlace | undefined {
    if (action.kind === "deadLetter") return "deadLetter";
    return action.kind === "complete" && this.#copied.delete(delivery.envelope.id) ? "afterCopy" : undefined;
  }

  #noteReceived(delivery: Delivery): void {
    const { process, history, nextDelivery } = this.#boundary;
    const number = nextDelivery();
    this.#numbers.set(delivery, number);
    history.add({
      kind: "received",
      process: process.name,
      channel: this.#source.address,
      id: delivery.envelope.id,
      delivery: number,
      deliveryCount: delivery.deliveryCount,
      lockedUntilMs: delivery.lockedUntilMs,
      sequence: Number(delivery.broker.sequenceNumber),
      partition: delivery.broker.partition,
      lane: delivery.lane,
    });
  }

  #noteCheckpoint({ broker }: Delivery, ok: boolean): void {
    const { process, history } = this.#boundary;
    const { partition = "", sequenceNumber } = broker;
    const sequence = Number(sequenceNumber);
    history.add({ kind: "checkpointed", process: process.name, partition, sequence, ok });
  }
}

const hasEffect = ({ mode }: Fault): boolean => mode === "lose" || mode === "late";

function toldOf(
  fault: Fault | undefined,
  answer: number | WaybillError | undefined,
): "ok" | "lost" | "failed" {
  if (fault?.mode === "lost") return "lost";
  if (fault?.mode === "lose" || answer === undefined) return "failed";
  if (typeof answer === "number") return "ok";
  return answer.class === "lockLost" ? "lost" : "failed";
}
