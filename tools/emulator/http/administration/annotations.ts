import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import { readAuthorizationRules, writeAuthorizationRules } from "./authorization-rules.js";
import type { Fields } from "./fields.js";
import { endlessDuration } from "./iso-duration.js";
import type { XmlContent } from "./xml.js";

/**
 * What a description says and the broker has no behaviour for. It is kept with the entity and given back: partitioning
 * and express make no difference here, and no entity is deleted for being idle.
 */
export type Annotations = Readonly<Record<string, string>>;

const flags = ["EnableBatchedOperations", "EnablePartitioning", "EnableExpress", "SupportOrdering"] as const;
const maxMetadata = 1_024;
const minIdleMs = 5 * 60_000;

/** @throws {BrokerError} `com.microsoft:argument-error` or `com.microsoft:argument-out-of-range` */
export function readAnnotations(fields: Fields): Annotations {
  const annotations: Record<string, string> = {};
  for (const flag of flags) {
    const value = fields.boolean(flag);
    if (value !== undefined) annotations[flag] = String(value);
  }
  const metadata = fields.text("UserMetadata");
  if (metadata !== undefined) {
    if (metadata.length > maxMetadata) throw outOfRange("UserMetadata has at most 1024 characters.");
    annotations["UserMetadata"] = metadata;
  }
  const idleMs = fields.duration("AutoDeleteOnIdle");
  if (idleMs !== undefined) {
    if (idleMs < minIdleMs) throw outOfRange("AutoDeleteOnIdle must be at least 5 minutes.");
    annotations["AutoDeleteOnIdle"] = fields.text("AutoDeleteOnIdle") ?? endlessDuration;
  }
  const rules = fields.element("AuthorizationRules");
  if (rules !== undefined) annotations["AuthorizationRules"] = readAuthorizationRules(rules);
  return annotations;
}

/** Elements as descriptions show them; callers pick those of their kind, in its order. */
export interface AnnotationElements {
  readonly EnableBatchedOperations: string;
  readonly EnablePartitioning: string;
  readonly EnableExpress: string;
  readonly SupportOrdering: string;
  readonly AutoDeleteOnIdle: string;
  readonly AuthorizationRules: XmlContent | "";
  /** Left out when it was never set. */
  readonly UserMetadata: string | undefined;
}

export function writeAnnotations(annotations: Annotations): AnnotationElements {
  return {
    EnableBatchedOperations: annotations["EnableBatchedOperations"] ?? "true",
    EnablePartitioning: annotations["EnablePartitioning"] ?? "false",
    EnableExpress: annotations["EnableExpress"] ?? "false",
    SupportOrdering: annotations["SupportOrdering"] ?? "true",
    AutoDeleteOnIdle: annotations["AutoDeleteOnIdle"] ?? endlessDuration,
    AuthorizationRules: writeAuthorizationRules(annotations["AuthorizationRules"]),
    UserMetadata: annotations["UserMetadata"],
  };
}

const outOfRange = (text: string): BrokerError =>
  new BrokerError("com.microsoft:argument-out-of-range", text);
