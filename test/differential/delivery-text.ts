import { createHash } from "node:crypto";
import type { DeadLetterDelivery, Delivery, WaybillError } from "../../src/transport/index.js";

/** A delivery as far as anybody can observe it, as one line: equal lines, equal deliveries. */
export function deliveryText(delivery: Delivery | DeadLetterDelivery, nowMs: number): string {
  const { envelope, defect, lane, deliveryCount, lockedUntilMs, broker } = delivery;
  const { body, ...rest } = envelope;
  return text({
    ...rest,
    body: createHash("sha256").update(body).digest("hex").slice(0, 16),
    defect: defect?.code,
    lane,
    deliveryCount,
    lockMs: lockedUntilMs === undefined ? undefined : lockedUntilMs - nowMs,
    broker,
    record: "record" in delivery ? delivery.record : undefined,
  });
}

export const errorText = (error: WaybillError): string => `${error.code} (${error.class})`;

/** The answer to one of several requests that are answered by nothing where all is well. */
export const answerText = (error: WaybillError | undefined): string =>
  error === undefined ? "done" : errorText(error);

/** JSON with its fields in the order of their names: the order in which a side made them says nothing. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([left], [right]) => (left < right ? -1 : 1)))
      : each,
  );
