import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEmulator, type Emulator } from "waybill-tools/emulator";
import { testCertificate } from "../http/fixtures.js";
import { queues } from "../start/clients.js";

let emulator: Emulator;
let folder: string;

const grant = (path: string) => ({ path, rights: ["Send", "Listen"] as const, expiresMs: Infinity });

beforeAll(async () => {
  const tls = await testCertificate();
  folder = await mkdtemp(join(tmpdir(), "waybill-ca-"));
  await writeFile(join(folder, "ca.pem"), tls.cert);
  emulator = await startEmulator({
    port: 0,
    httpPort: 0,
    tls,
    configs: [queues("orders")],
    auth: {
      validateJwt: (token, audience) =>
        token === "an Entra token"
          ? Promise.resolve(grant(audience))
          : Promise.reject(new Error("Who are you?")),
    },
  });
});

afterAll(async () => {
  await emulator.close();
  await rm(folder, { recursive: true });
});

/** What the client prints. */
async function run(token: string, transport: string): Promise<string> {
  const script = fileURLToPath(new URL("token-client.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [script, String(emulator.amqpPort), token, transport],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") } },
  );
  return stdout.trim();
}

describe("a client of @azure/service-bus with a host name and a TokenCredential", () => {
  it.each(["tls", "web-sockets"])("sends, receives and completes over %s", async (transport) => {
    expect(await run("an Entra token", transport)).toBe(`over ${transport}`);
    expect(emulator.namespace().broker.getQueue("orders").counts.active).toBe(0);
  });

  it("is refused with a token that the validator does not know", async () => {
    await expect(run("a guess", "tls")).rejects.toThrow(/UnauthorizedError|UnauthorizedAccess|Who are you\?/);
  });
});
