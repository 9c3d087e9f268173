import { WaybillError } from "../errors.js";
import { digest } from "../runtime/hash.js";
import type { Delivery } from "../transport/transport.js";
import type { DeliveryRun } from "./delivery-run.js";
import type { Consumer } from "./environment.js";

/** What is decoded: a delivery, with its data where the envelope only names it. */
export type Readable = Pick<Delivery, "envelope" | "defect" | "broker" | "deliveryCount" | "native">;

/**
 * A delivery with the data that a claim check has of it. Everything that goes back to a broker is made of the delivery itself, and
 * goes on naming the blob.
 * @throws {WaybillError} as `ClaimCheck.collect()` does; `missingDependency`, which waits for the option.
 */
export async function withData(consumer: Consumer, run: DeliveryRun): Promise<Readable> {
  const { delivery } = run;
  const { envelope } = delivery;
  const body = await claimCheckOf(consumer).collect(envelope, run.signal);
  const { spec } = consumer;
  // As of a body that travelled in its message: the sender's limit may have changed between two sends of one id.
  if (spec.idempotency !== undefined || spec.inbox !== undefined)
    run.fingerprint ??= digest(envelope.contentType ?? "", "\n", body);
  const { defect, broker, deliveryCount, native } = delivery;
  const read = { envelope: { ...envelope, body }, broker, deliveryCount, native };
  return defect === undefined ? read : { ...read, defect };
}

function claimCheckOf(consumer: Consumer): NonNullable<Consumer["claimCheck"]> {
  if (consumer.claimCheck !== undefined) return consumer.claimCheck;
  const { channel } = consumer.spec;
  const text = `${channel.kind} "${channel.name}" carries messages whose data is in a claim check: give run() the option claimCheck, with the store of their sender`;
  consumer.warnOnce(text);
  // Of class config: the messages wait for a service that has the option.
  throw new WaybillError("missingDependency", text, { class: "config" });
}
