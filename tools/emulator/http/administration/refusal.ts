import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import { AuthError } from "../../security/auth-error.js";
import { XmlError } from "./xml-tags.js";
import { writeXml } from "./xml.js";

/** An answer that refuses. The client takes its `Detail` as the message of the error that it raises. */
export interface Refusal {
  readonly status: number;
  readonly detail: string;
}

const more = "To know more visit https://aka.ms/sbResourceMgrExceptions.";

/** @param level Queues, topics and hubs are managed by another part of the service than what is below them. */
export function refusalOf(error: unknown, level: "entity" | "part"): Refusal {
  if (error instanceof AuthError) return { status: error.statusCode, detail: error.message };
  if (error instanceof XmlError) return badRequest(error.message);
  if (!(error instanceof BrokerError)) throw error;
  switch (error.condition) {
    case "amqp:not-found":
      return notFound(error.message, level);
    case "com.microsoft:entity-already-exists":
      return conflict(error.message, level);
    case "amqp:resource-limit-exceeded":
      return { status: 403, detail: `${error.message} ${more}` };
    default:
      return badRequest(named(error.message));
  }
}

function badRequest(text: string): Refusal {
  const sentence = text.endsWith(".") ? text : `${text}.`;
  const detail = sentence.startsWith("SubCode=") ? sentence : `SubCode=40000. ${sentence}`;
  return { status: 400, detail: `${detail} ${more}` };
}

/** The XML of a refusal. */
export const refusalXml = ({ status, detail }: Refusal): string =>
  writeXml({ Error: { Code: String(status), Detail: detail } });

function notFound(text: string, level: "entity" | "part"): Refusal {
  const detail =
    level === "entity" ? `SubCode=40400. Not Found. The Operation doesn't exist. ${more}` : linked(text);
  return { status: 404, detail };
}

function conflict(text: string, level: "entity" | "part"): Refusal {
  const inState = "You're requesting an operation that isn't allowed in the resource's current state.";
  const detail = level === "entity" ? `SubCode=40900. Conflict. ${inState} ${more}` : linked(text);
  return { status: 409, detail };
}

const linked = (text: string): string => (text.includes("https://aka.ms/") ? text : `${text} ${more}`);

/** The broker speaks of its options; the reader of this answer knows the names of the XML. */
function named(text: string): string {
  return text.replace(/\b\w+\b/g, (word) => elementNames.get(word) ?? word);
}

const elementNames: ReadonlyMap<string, string> = new Map([
  ["lockDurationMs", "LockDuration"],
  ["maxDeliveryCount", "MaxDeliveryCount"],
  ["requiresSession", "RequiresSession"],
  ["requiresDuplicateDetection", "RequiresDuplicateDetection"],
  ["duplicateDetectionWindowMs", "DuplicateDetectionHistoryTimeWindow"],
  ["maxMessageSizeBytes", "MaxMessageSizeInKilobytes"],
  ["defaultTimeToLiveMs", "DefaultMessageTimeToLive"],
  ["forwardTo", "ForwardTo"],
]);
