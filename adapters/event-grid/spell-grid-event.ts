import { WaybillError, type Envelope } from "../../src/transport/index.js";

/**
 * An event in the Event Grid schema, for topics that take no other. It has no place for headers, for data in a claim check, nor for a
 * body that is no JSON; correlation, causation and trace do not travel. Nor has it one for the listener that a redriven event is
 * for: every subscription would get it, and one that is given up again would be the dead letter that is just being removed.
 *
 * @param topic of a domain
 * @throws {WaybillError} `invalidMessage` for what the schema cannot carry
 */
export function spellGridEvent(envelope: Envelope, topic: string | undefined): Uint8Array {
  const { id, type, key, time, version, body } = envelope;
  const problem = gridProblem(envelope);
  if (problem !== undefined) {
    throw new WaybillError(
      "invalidMessage",
      `an event in the Event Grid schema ${problem}: use a topic whose schema is CloudEvents 1.0`,
    );
  }
  const head = JSON.stringify({
    id,
    eventType: type,
    subject: key ?? type,
    eventTime: time ?? unknownTime,
    dataVersion: version === undefined ? "" : String(version),
    topic,
  });
  return Buffer.from(`${head.slice(0, -1)},"data":${textOf(body)}}`);
}

/** The schema requires a time, and an event without one must not be another event when it is sent again. */
const unknownTime = "1970-01-01T00:00:00.000Z";

function gridProblem({ headers, dataRef, history, body }: Envelope): string | undefined {
  if (history.addressedTo !== undefined || history.redrives !== undefined)
    return "cannot say that it is sent again, for one listener alone";
  if (Object.keys(headers).length > 0) return "cannot carry headers";
  if (dataRef !== undefined) return "cannot say that its data is in a claim check";
  try {
    JSON.parse(textOf(body));
    return undefined;
  } catch {
    return "has a body of JSON";
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
