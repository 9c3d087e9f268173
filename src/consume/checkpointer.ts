import { isWaybillError, WaybillError } from "../errors.js";
import type { TimerHandle } from "../runtime/runtime.js";
import type { Delivery } from "../transport/transport.js";
import type { Consumer } from "./environment.js";
import { Watermark } from "./watermark.js";

/**
 * Stores the progress of a consumer group: after so many events or so much time, one write per partition at a time,
 * and once more at the end.
 */
export class Checkpointer {
  readonly #consumer: Consumer;
  readonly #watermark = new Watermark();
  readonly #pending = new Map<string, { upTo: Delivery; events: number }>();
  readonly #writing = new Map<string, Promise<void>>();
  #timer: TimerHandle | undefined;

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  accept(delivery: Delivery): void {
    this.#watermark.accept(delivery);
  }

  done(delivery: Delivery): void {
    const progress = this.#watermark.done(delivery);
    if (progress === undefined) return;
    const lane = delivery.lane ?? "";
    const events = (this.#pending.get(lane)?.events ?? 0) + progress.events;
    this.#pending.set(lane, { upTo: progress.upTo, events });
    const { checkpoint } = this.#consumer.spec;
    if (events >= checkpoint.events) void this.#write(lane);
    else this.#timer ??= this.#consumer.runtime.after(checkpoint.intervalMs, () => void this.flush());
  }

  /** The partition belongs to somebody else now. */
  forget(lane: string | undefined): void {
    this.#watermark.forget(lane);
    this.#pending.delete(lane ?? "");
  }

  /** Writes what has not been written. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await Promise.all([...this.#pending.keys()].map((lane) => this.#write(lane)));
    await Promise.all(this.#writing.values());
  }

  async #write(lane: string): Promise<void> {
    const writing = this.#writing.get(lane);
    if (writing !== undefined) return writing;
    const run = this.#writeAll(lane).finally(() => this.#writing.delete(lane));
    this.#writing.set(lane, run);
    return run;
  }

  async #writeAll(lane: string): Promise<void> {
    for (let next = this.#pending.get(lane); next !== undefined; next = this.#pending.get(lane)) {
      this.#pending.delete(lane);
      if ((await this.#store(next.upTo)) === "failed") {
        // Progress that could not be stored is tried again with the next one; never a later gap.
        const newer = this.#pending.get(lane);
        this.#pending.set(lane, {
          upTo: newer?.upTo ?? next.upTo,
          events: (newer?.events ?? 0) + next.events,
        });
        this.#timer ??= this.#consumer.runtime.after(
          this.#consumer.spec.checkpoint.intervalMs,
          () => void this.flush(),
        );
        return;
      }
    }
  }

  /** `lost`: the partition belongs to somebody else, and so does its progress. */
  async #store(upTo: Delivery): Promise<"stored" | "lost" | "failed"> {
    const { receiver, runtime, source, spec, service, emit } = this.#consumer;
    const place = { service, channel: spec.channel.name, kind: spec.channel.kind, as: spec.as };
    const work = runtime.activity.begin(() => `storing a checkpoint of ${spec.channel.name}/${spec.as}`);
    try {
      await runtime.port("checkpoint", source.address, upTo.broker.offset ?? "", () =>
        receiver.checkpoint?.(upTo),
      );
      emit?.({
        event: "checkpointed",
        partition: upTo.broker.partition ?? "",
        offset: upTo.broker.offset ?? "",
        ...place,
      });
      return "stored";
    } catch (cause) {
      const error =
        cause instanceof Error
          ? cause
          : new WaybillError("storeFailed", "a checkpoint was not stored", { cause });
      emit?.({ event: "checkpointFailed", error, ...place });
      return isWaybillError(error) && error.class === "lockLost" ? "lost" : "failed";
    } finally {
      runtime.activity.end(work);
    }
  }
}
