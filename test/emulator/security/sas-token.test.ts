import { describe, expect, it } from "vitest";
import { ruleOf, type AccessRule } from "../../../tools/emulator/security/access-rule.js";
import { AuthError } from "../../../tools/emulator/security/auth-error.js";
import { verifySasToken } from "../../../tools/emulator/security/sas-token.js";
import { sasToken } from "../cbs/sas-token.js";

const nowMs = 1_700_000_000_000;
const soon = nowMs / 1000 + 60;
const rules: readonly AccessRule[] = [
  { name: "root", key: "root-key", rights: ["Manage", "Send", "Listen"] },
  { name: "just send", key: "send-key", rights: ["Send"] },
];

interface Claimed {
  readonly resource?: string;
  readonly expiry?: number;
  readonly name?: string;
  readonly key?: string;
}

const tokenOf = ({
  resource = "sb://ns/orders",
  expiry = soon,
  name = "root",
  key = "root-key",
}: Claimed = {}) => sasToken({ name, key }, resource, expiry);

function verify(token: string, audience = "sb://ns/orders"): ReturnType<typeof verifySasToken> {
  return verifySasToken(token, { rules, audience, nowMs });
}

function refusal(token: string, audience?: string): AuthError {
  try {
    verify(token, audience);
  } catch (error) {
    if (error instanceof AuthError) return error;
  }
  throw new Error("was not refused");
}

describe("a shared access signature", () => {
  it("grants the rights of the rule that it names, until it expires", () => {
    expect(verify(tokenOf())).toEqual({
      path: "orders",
      rights: ["Manage", "Send", "Listen"],
      expiresMs: soon * 1000,
    });
    expect(verify(tokenOf({ name: "just send", key: "send-key" })).rights).toEqual(["Send"]);
  });

  it.each([
    ["the entity itself", "sb://ns/orders", "sb://ns/orders"],
    ["what is below it", "sb://ns/orders", "sb://ns/orders/Subscriptions/billing"],
    ["everything, when it is for the namespace", "sb://ns/", "sb://ns/orders/$management"],
    ["another spelling of it", "http://NS:5672/Orders/", "amqps://ns/orders"],
    ["an audience without a host", "sb://ns/orders", "orders"],
  ])("covers %s", (_, resource, audience) => {
    expect(() => verify(tokenOf({ resource }), audience)).not.toThrow();
  });

  it.each([
    ["a neighbour", "sb://ns/orders", "sb://ns/invoices"],
    ["a name that begins like it", "sb://ns/orders", "sb://ns/orders2"],
    ["what is above it", "sb://ns/orders/Subscriptions/billing", "sb://ns/orders"],
    ["another namespace", "sb://ns/orders", "sb://other/orders"],
  ])("does not cover %s", (_, resource, audience) => {
    const error = refusal(tokenOf({ resource }), audience);
    expect(error).toMatchObject({ statusCode: 401, condition: "com.microsoft:auth-failed" });
    expect(error.message).toMatch(/^InvalidAudience: /);
  });

  it.each([
    ["another key", tokenOf({ key: "guess" })],
    ["the key of another rule", tokenOf({ key: "send-key" })],
    ["a rule that does not exist", tokenOf({ name: "nobody", key: "" })],
    ["a changed resource", tokenOf().replace("orders", "invoices")],
    ["a changed expiry", tokenOf().replace(`se=${String(soon)}`, `se=${String(soon + 1)}`)],
    ["a signature of another length", tokenOf().replace(/sig=[^&]+/, "sig=AAAA")],
  ])("is invalid by %s", (_, token) => {
    expect(refusal(token).message).toBe("InvalidSignature: The token has an invalid signature.");
  });

  it("is expired from its expiry on", () => {
    expect(refusal(tokenOf({ expiry: nowMs / 1000 })).message).toMatch(
      /^ExpiredToken: The token is expired\. Expiration time: '2023-11-14T22:13:20/,
    );
  });

  it.each([
    ["", "nothing"],
    ["Bearer abc", "another scheme"],
    ["SharedAccessSignature sr=a&sig=b&se=1", "no name"],
    ["SharedAccessSignature sr=a&sig=b&se=soon&skn=root", "no expiry"],
    ["SharedAccessSignature", "no fields"],
    [`SharedAccessSignature sr=%E0%A4%A&sig=%&se=${String(soon)}&skn=root`, "broken escapes"],
  ])("%j is refused: %s", (token) => {
    expect(refusal(token)).toMatchObject({ statusCode: 401 });
  });

  it("is in no error, and neither is the key", () => {
    const token = tokenOf({ key: "guess" });
    const { message } = refusal(token);
    expect(message).not.toContain("root-key");
    expect(message).not.toContain(/sig=([^&]+)/.exec(token)?.[1]);
  });
});

describe("a rule and its key", () => {
  it("are found together only", () => {
    expect(ruleOf(rules, "root", "root-key")).toBe(rules[0]);
    expect(ruleOf(rules, "root", "send-key")).toBeUndefined();
    expect(ruleOf(rules, "nobody", "")).toBeUndefined();
    expect(ruleOf(rules, "", "")).toBeUndefined();
  });
});
