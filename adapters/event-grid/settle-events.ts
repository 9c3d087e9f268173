import type { EventGridReceiverClient } from "@azure/eventgrid-namespaces";
import { redact, WaybillError, type SettleAction } from "../../src/transport/index.js";
import type { Client } from "./client.js";
import type { EventDelivery } from "./event-delivery.js";
import { codes, mapError, mapSettleError } from "./map-error.js";

/** What is asked for many events in one request. */
export type Verb = "acknowledge" | "release 0" | `release ${number}` | "reject" | "renew";

/** The most lock tokens of one request: as many as a receive gives. */
const maxTokens = 100;

/** The delays that the service takes, in seconds [Release]. */
const releaseDelays = [0, 10, 60, 600, 3_600];

/** Rounded up, so that nothing comes too early; an hour at most. */
export const releaseVerb = (delayMs: number): Verb =>
  `release ${releaseDelays.find((seconds) => seconds * 1_000 >= delayMs) ?? 3_600}`;

/** What the service does for an action that needs nothing beside it; `undefined` for one that it cannot do. */
export function verbOf(action: SettleAction): Verb | undefined {
  switch (action.kind) {
    case "complete":
      return "acknowledge";
    case "abandon":
      return releaseVerb(0);
    case "release":
      return releaseVerb(action.delayMs ?? 0);
    case "deadLetter":
      return "reject";
    case "defer":
      return undefined;
  }
}

/** Asks for one thing for all; answers for each why it failed, if it did. */
export async function askForAll(
  client: Client<EventGridReceiverClient>,
  verb: Verb,
  deliveries: readonly EventDelivery[],
  doing: string,
): Promise<readonly (WaybillError | undefined)[]> {
  const answers: (WaybillError | undefined)[] = [];
  for (let from = 0; from < deliveries.length; from += maxTokens) {
    const tokens = deliveries.slice(from, from + maxTokens).map(({ native }) => native.lockToken ?? "");
    try {
      const failed = await client.ask(doing, (receiver, { signal }) => ask(receiver, verb, tokens, signal));
      answers.push(
        ...tokens.map((token) => failed.get(token)).map((error) => error && refusal(error, doing)),
      );
    } catch (error) {
      const mapped = verb === "renew" ? mapError(error, doing) : mapSettleError(error, doing);
      answers.push(...tokens.map(() => mapped));
    }
  }
  return answers;
}

async function ask(
  receiver: EventGridReceiverClient,
  verb: Verb,
  tokens: string[],
  abortSignal: AbortSignal,
): Promise<ReadonlyMap<string, TokenError>> {
  const { failedLockTokens } = await call(receiver, verb, tokens, abortSignal);
  return new Map(failedLockTokens.map(({ lockToken, error }) => [lockToken, error]));
}

function call(receiver: EventGridReceiverClient, verb: Verb, tokens: string[], abortSignal: AbortSignal) {
  switch (verb) {
    case "acknowledge":
      return receiver.acknowledgeEvents(tokens, { abortSignal });
    case "reject":
      return receiver.rejectEvents(tokens, { abortSignal });
    case "renew":
      return receiver.renewEventLocks(tokens, { abortSignal });
    default:
      return receiver.releaseEvents(tokens, { abortSignal, releaseDelay: verb.slice("release ".length) });
  }
}

/** Earlier versions of the service have a code and a description beside the token instead. */
interface TokenError {
  readonly code?: string;
  readonly message?: string;
}

/** A token that is refused for a reason that nobody has told us is none that could still be used. */
function refusal({ code = "", message = "it was refused" }: TokenError, doing: string): WaybillError {
  const known = Object.hasOwn(codes, code) ? codes[code] : undefined;
  return new WaybillError(known ?? "lockLost", `${doing}: ${redact(message, maxTextLength)}`);
}

const maxTextLength = 1_000;
