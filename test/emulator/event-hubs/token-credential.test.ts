import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthError } from "../../../tools/emulator/security/auth-error.js";
import type { AuthSettings } from "../../../tools/emulator/security/auth-settings.js";
import { startFixture, type Fixture } from "../fixture.js";

let fixture: Fixture;
let folder: string;

const validateJwt: AuthSettings["validateJwt"] = (token, audience) =>
  token === "an Entra token"
    ? Promise.resolve({ path: audience, rights: ["Send", "Listen"], expiresMs: Infinity })
    : Promise.reject(new AuthError(401, "InvalidToken: Who are you?"));

beforeAll(async () => {
  const { cert, private: key } = await generate([{ name: "commonName", value: "localhost" }]);
  folder = await mkdtemp(join(tmpdir(), "waybill-ca-"));
  await writeFile(join(folder, "ca.pem"), cert);
  fixture = await startFixture({ tls: { cert, key }, auth: { rules: [], validateJwt } });
  fixture.namespace.createHub("sales", { partitions: 1 });
});

afterAll(async () => {
  await fixture.close();
  await rm(folder, { recursive: true });
});

/** What the client prints. */
async function run(token: string, transport: string): Promise<string> {
  const script = fileURLToPath(new URL("token-client.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [script, String(fixture.port), token, transport],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") } },
  );
  return stdout.trim();
}

describe("a client of @azure/event-hubs with a host name and a TokenCredential", () => {
  it("connects over TLS", async () => {
    expect(await run("an Entra token", "tls")).toBe("over tls");
  });

  it("connects over WebSockets", async () => {
    fixture.namespace.deleteHub("sales");
    fixture.namespace.createHub("sales", { partitions: 1 });
    expect(await run("an Entra token", "web-sockets")).toBe("over web-sockets");
  });

  it("is refused with a token that the validator does not know", async () => {
    await expect(run("a guess", "tls")).rejects.toThrow(/UnauthorizedError|InvalidToken: Who are you\?/);
  });
});
