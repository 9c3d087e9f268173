import { member, textMember, type JsonObject } from "./json.js";

/**
 * What is wrong with an event as CloudEvents 1.0, or undefined.
 *
 * Source: CloudEvents 1.0.2, required attributes and attribute naming.
 */
export function cloudEventComplaint(event: JsonObject): string | undefined {
  if (member(event, "specversion") !== "1.0") return `"specversion" must be "1.0".`;
  for (const name of ["id", "source", "type"]) {
    if (textMember(event, name) === undefined)
      return `"${name}" is required and must be a text that is not empty.`;
  }
  if (Object.hasOwn(event, "data") && Object.hasOwn(event, "data_base64")) {
    return `Give "data" or "data_base64", not both.`;
  }
  if (Object.hasOwn(event, "data_base64") && typeof event["data_base64"] !== "string") {
    return `"data_base64" must be a text.`;
  }
  const subject = member(event, "subject");
  if (subject !== undefined && subject !== null && typeof subject !== "string")
    return `"subject" must be a text.`;
  return undefined;
}
