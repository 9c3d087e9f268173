import { randomBytes } from "node:crypto";
import { childText, type XmlContent, type XmlElement } from "./xml.js";

/** A shared access policy of one entity. The emulator gives it back; what opens doors are the namespace's rules. */
interface AuthorizationRule {
  readonly keyName: string;
  readonly rights: readonly string[];
  readonly primaryKey: string;
  readonly secondaryKey: string;
}

/** As text, for the annotations of the entity. Missing keys are made, as the service does. */
export function readAuthorizationRules(element: XmlElement): string {
  const rules = element.children.map((rule): AuthorizationRule => {
    const rights = rule.children.find(({ name }) => name === "Rights")?.children ?? [];
    return {
      keyName: childText(rule, "KeyName") ?? "",
      rights: rights.map(({ text }) => text.trim()),
      primaryKey: childText(rule, "PrimaryKey") ?? newKey(),
      secondaryKey: childText(rule, "SecondaryKey") ?? newKey(),
    };
  });
  return JSON.stringify(rules);
}

/** The element again, from that text. */
export function writeAuthorizationRules(text: string | undefined): XmlContent | "" {
  if (text === undefined) return "";
  const rules = JSON.parse(text) as readonly AuthorizationRule[];
  if (rules.length === 0) return "";
  return {
    AuthorizationRule: rules.map(({ keyName, rights, primaryKey, secondaryKey }) => ({
      $: { "i:type": "SharedAccessAuthorizationRule" },
      ClaimType: "SharedAccessKey",
      ClaimValue: "None",
      Rights: { AccessRights: rights.map((right) => ({ _: right })) },
      KeyName: keyName,
      PrimaryKey: primaryKey,
      SecondaryKey: secondaryKey,
    })),
  };
}

const newKey = (): string => randomBytes(32).toString("base64");
