import {
  fromAmqp,
  fromStructuredJson,
  isWaybillError,
  type Envelope,
  type WaybillError,
} from "../../src/transport/index.js";

/** Reads a stored notification, into bytes of its own. What is no CloudEvent becomes a defect, beside its id and its text. */
export function readNotification(
  id: string,
  json: string,
): { readonly envelope: Envelope; readonly defect?: WaybillError } {
  const body = Buffer.from(json);
  try {
    return { envelope: fromStructuredJson(body) };
  } catch (error) {
    if (!isWaybillError(error)) throw error;
    return { envelope: fromAmqp({ messageId: id, body }, id), defect: error };
  }
}
