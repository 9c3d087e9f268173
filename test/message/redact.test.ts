import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redact } from "../../src/message/redact.js";

const secret = "S3cr3t0/abc+DEF==";
const token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln-bmF0_dXJl";

describe("text of unknown origin", () => {
  it.each([
    [
      `Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=${secret};EntityPath=q`,
    ],
    [`DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${secret};EndpointSuffix=core.windows.net`],
    [`SharedAccessSignature sr=sb%3a%2f%2fx&sig=${secret}&se=1700000000&skn=Root`],
    [`GET https://a.queue.core.windows.net/q?sv=2024&sig=${secret}&se=1`],
    [`Authorization: Bearer ${token}`],
    [`authorization=Basic ${secret}`],
    [`{"Authorization":"SharedKey ${secret}"}`],
    [`bearer ${secret} was refused`],
    [`aeg-sas-key: ${secret}`],
    [`"aeg-sas-token": "r=https%3a%2f%2fx&e=1&s=${secret}"`],
    [`aeg-sas-token=r=x&e=1&s=${secret}`],
    [`amqps://user:${secret.replaceAll("/", "_")}@host:5671/q`],
    [`redis://:${secret.replaceAll("/", "_")}@host`],
    [`https://x/api?code=${secret}#top`],
    [`https://x/api?a=1&access_token=${secret}`],
    [`{"password": "${secret}"}`],
    [`client_secret=${secret}&grant_type=x`],
    [`apiKey: '${secret}'`],
    [`token ${token}`],
    [`{"token_type":"Bearer","access_token":"${secret}"}`],
    [`{"refresh_token": "${secret}"}`],
    [`access_token=${secret}&expires_in=1`],
    [`id_token=${secret}`],
    [`client_assertion=${secret}&client_id=x`],
    [`x-functions-key: ${secret}`],
    [`Ocp-Apim-Subscription-Key: ${secret}`],
    [`Cookie: a=b; session=${secret}; c=d`],
    [`Set-Cookie: session=${secret}; Path=/; HttpOnly`],
    [`{ 'set-cookie': [ 'session=${secret}' ] }`],
    [`{"Cookie":"session=${secret}"}`],
    [`AZURE_CLIENT_SECRET=${secret}`],
  ])("has no secret left: %s", (text) => {
    const clean = redact(text);
    expect(clean).toContain("[redacted]");
    for (const part of [secret, secret.replaceAll("/", "_"), token, "c2ln-bmF0_dXJl"])
      expect(clean).not.toContain(part);
  });

  it.each([
    ["Message could not be consumed after 10 delivery attempts."],
    ["SharedAccessKeyName=RootManageSharedAccessKey"],
    ["error code=42, key=order-7: the token was old"],
    ["at charge (file:///app/billing.js:10:5)"],
    ["https://x.servicebus.windows.net/orders?timeout=60"],
    ["mail to a@b.example"],
    ["cookies were refused: the token had expired"],
    ["subscription key=order-7"],
    ["design=blue"],
  ])("stays as it is without one: %s", (text) => {
    expect(redact(text)).toBe(text);
  });

  it.each([
    ["a\r\n    at b", "a at b"],
    ["\u001b[31mred\u001b[0m", "red"],
    ["a\u001b]0;title\u0007b", "a]0;title b"],
    ["a\u0000b\u007fc\u009bd", "a b c d"],
    ["a\u2028b", "a b"],
    ["a\u202eb\u2066c", "abc"],
    ["\u001b", ""],
  ])("%j becomes %j, which moves no cursor", (text, clean) => {
    expect(redact(text)).toBe(clean);
  });

  it("is cut at the bound and says so", () => {
    expect(redact("x".repeat(2000))).toBe("x".repeat(1023) + "…");
    expect(redact("abcdef", 4)).toBe("abc…");
    expect(redact("ab👍", 4)).toBe("ab👍");
    expect(redact("ab👍x", 4)).toBe("ab…");
    expect(redact("x".repeat(50_000), 40_000)).toHaveLength(32 * 1024 + 1);
  });

  it("of any content comes out bounded and free of control characters", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 200 }),
        fc.integer({ min: 1, max: 100 }),
        (text, max) => {
          const clean = redact(text, max);
          expect(clean.length).toBeLessThanOrEqual(max);
          expect(clean).not.toMatch(/\p{Cc}/u);
        },
      ),
    );
  });

  it.each([
    ["sig=".repeat(25_000)],
    ["?a_".repeat(33_000)],
    ["://".repeat(33_000)],
    ["://a:".repeat(20_000)],
    ["eyJ".repeat(33_000)],
    ["eyJaaaaaaaa.".repeat(8_000)],
    ["bearer ".repeat(14_000)],
    ["cookie:a;".repeat(11_000)],
    [`cookie:${"a; ".repeat(33_000)}`],
    ["_token=_key=".repeat(8_000)],
    ["access_token".repeat(8_000)],
    ["authorization: ".repeat(7_000)],
    ["\u001b[".repeat(50_000)],
    ["\n ".repeat(50_000)],
    [" ".repeat(100_000)],
  ])("built to make expressions run for ever does not: %#", (text) => {
    expect(redact(text, 64).length).toBeLessThanOrEqual(64);
  });
});
