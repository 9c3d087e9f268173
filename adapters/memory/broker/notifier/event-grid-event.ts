import { member, textMember, type JsonObject } from "./json.js";

/**
 * What is wrong with an event of the Event Grid schema, or undefined.
 *
 * Source: post-to-custom-topic.md (required members; the service fills `topic` and `metadataVersion`).
 */
export function eventGridEventComplaint(event: JsonObject, topicId: string): string | undefined {
  for (const name of ["id", "subject", "eventType", "eventTime", "dataVersion"]) {
    if (typeof member(event, name) !== "string") return `"${name}" is required and must be a text.`;
  }
  for (const name of ["id", "subject", "eventType"]) {
    if (textMember(event, name) === undefined) return `"${name}" must not be empty.`;
  }
  if (Number.isNaN(Date.parse(textMember(event, "eventTime") ?? "")))
    return `"eventTime" must be an ISO 8601 time.`;
  const topic = textMember(event, "topic");
  if (topic !== undefined && topic !== topicId) return `"topic" must be left out: the service fills it.`;
  const metadataVersion = textMember(event, "metadataVersion");
  if (metadataVersion !== undefined && metadataVersion !== "1")
    return `"metadataVersion" must be "1" or left out.`;
  return undefined;
}

/** The event with the two members that the service fills. */
export function filledIn(event: JsonObject, topicId: string): JsonObject {
  return { ...event, topic: topicId, metadataVersion: "1" };
}

/** The same event in the CloudEvents schema, for a subscription that asked for it. Source: event-schema mapping. */
export function asCloudEvent(event: JsonObject): JsonObject {
  const mapped: Record<string, JsonObject[string]> = { specversion: "1.0" };
  const names = {
    id: "id",
    type: "eventType",
    source: "topic",
    subject: "subject",
    time: "eventTime",
    data: "data",
  };
  for (const [to, from] of Object.entries(names)) {
    const value = member(event, from);
    if (value !== undefined) mapped[to] = value;
  }
  return mapped;
}
