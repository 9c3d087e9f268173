import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import { refusal } from "../../../../adapters/memory/broker/notifier/publish-request.js";

/** Event Grid's answer to what it refuses: `{ "error": { code, message, details } }`. Anything else is thrown on. */
export function refusalAnswer(error: unknown): Response {
  if (!(error instanceof BrokerError)) throw error;
  const conflict = conflicts[error.condition];
  if (conflict === undefined) {
    const { status, ...body } = refusal(error);
    return Response.json(body, { status });
  }
  const [status, code] = conflict;
  return Response.json({ error: { code, message: error.message, details: [] } }, { status });
}

/** Refusals of management, which publishers never see. */
const conflicts: Readonly<Record<string, readonly [status: number, code: string] | undefined>> = {
  alreadyExists: [409, "Conflict"],
  quotaExceeded: [403, "QuotaExceeded"],
};

export const badRequest = (message: string): BrokerError => new BrokerError("badRequest", message);

export const tooLargeBody = (maxBytes: number): BrokerError =>
  new BrokerError("tooLarge", `A request has at most ${String(maxBytes)} bytes: send fewer events.`);

/** @throws {BrokerError} `badRequest` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badRequest("The body must be JSON.");
  }
}
