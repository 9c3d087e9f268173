import { createHash, timingSafeEqual } from "node:crypto";
import type { Right } from "../../../adapters/memory/broker/rights.js";

/** A shared access policy of a namespace: who knows the key has the rights. */
export interface AccessRule {
  /** Compared exactly: `skn` of a token, `SharedAccessKeyName` of a connection string. */
  readonly name: string;
  /** Used as it stands, not decoded from base64. Appears in no log and no error. */
  readonly key: string;
  /** `Manage` includes the other two. */
  readonly rights: readonly Right[];
}

/** The rule that every namespace of Azure begins with, and the key that Microsoft's emulators print. */
export const rootRule: AccessRule = {
  name: "RootManageSharedAccessKey",
  key: "SAS_KEY_VALUE",
  rights: ["Manage", "Send", "Listen"],
};

/** The rule with this name and key, compared in a time that tells nothing of the key. */
export function ruleOf(rules: readonly AccessRule[], name: string, key: string): AccessRule | undefined {
  const rule = rules.find((each) => each.name === name);
  const same = timingSafeEqual(digest(rule?.key ?? ""), digest(key));
  return same ? rule : undefined;
}

// Digests have one length, which the comparison needs.
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
