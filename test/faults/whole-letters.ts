import type { DeadLetterDelivery } from "waybill/transport";
import { workerName } from "./contracts.js";
import type { Ledger } from "./ledger.js";

/** What is not as it was sent, or not said, of dead letters: sentences (I16). */
export function unwhole(
  letters: readonly DeadLetterDelivery[],
  ledger: Pick<Ledger, "jobOf">,
): readonly string[] {
  return letters.flatMap(({ envelope: { id, body }, record }) => {
    const sent = JSON.stringify(ledger.jobOf(id));
    const is = Buffer.from(body).toString();
    const whole =
      record.reason === "Permanent" &&
      record.description !== "" &&
      record.errorName === "GivenUp" &&
      record.errorStack !== undefined &&
      record.attempts > 0 &&
      record.deliveryCount > 0 &&
      record.consumer === workerName &&
      record.from !== "" &&
      !Number.isNaN(Date.parse(record.at));
    return [
      ...(is === sent ? [] : [`I16: the body of dead letter ${id} is ${is}, and was ${sent}`]),
      ...(whole ? [] : [`I16: the record of dead letter ${id} is ${JSON.stringify(record)}`]),
    ];
  });
}
