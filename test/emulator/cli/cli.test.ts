import { ServiceBusClient } from "@azure/service-bus";
import { createServer, type AddressInfo } from "node:net";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { queues, quick } from "../start/clients.js";
import { waybill, type Running } from "./command.js";

const running: Running[] = [];

afterEach(async () => {
  for (const { process, ended } of running.splice(0)) {
    process.kill("SIGKILL");
    await ended;
  }
});

function emulator(...args: readonly string[]): Running {
  const command = waybill("emulator", "--port", "0", "--http-port", "0", ...args);
  running.push(command);
  return command;
}

interface Line {
  readonly amqpPort: number;
  readonly httpPort: number;
  readonly serviceBus: { readonly connectionString: string };
}

function file(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "waybill-cli-")), name);
  writeFileSync(path, text);
  return path;
}

describe("waybill emulator --json", () => {
  it("prints one line when everything accepts, serves what it was given, and ends on SIGTERM with 0", async () => {
    const spec = { format: 1, name: "from-contract", kind: "queue", settings: { ordered: false } };
    const command = emulator(
      "--json",
      "--config",
      file("Config.json", JSON.stringify(queues("from-config"))),
      "--contracts",
      file("contracts.mjs", `export const q = { "~channel": ${JSON.stringify(spec)} };`),
    );
    const line = JSON.parse(await command.firstLine) as Line;
    expect(Object.keys(line)).toEqual(["amqpPort", "httpPort", "serviceBus", "eventHubs", "eventGrid"]);
    const { connectionString } = line.serviceBus;
    expect(connectionString).toBe(
      `Endpoint=sb://localhost:${line.amqpPort};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true`,
    );
    const client = new ServiceBusClient(connectionString, quick);
    for (const queue of ["from-config", "from-contract"])
      await client.createSender(queue).sendMessages({ body: 1 });
    expect((await fetch(`http://127.0.0.1:${line.httpPort}/health`)).status).toBe(200);
    command.process.kill("SIGTERM");
    const { stdout, exitCode } = await command.ended;
    expect([stdout.trim().split("\n").length, exitCode]).toEqual([1, 0]);
    await client.close();
  });
});

describe("waybill emulator", () => {
  it("shows strings that are ready to paste, and ends on SIGINT with 0", async () => {
    const command = emulator("--create-on-use");
    expect(await command.firstLine).toMatch(
      /^Waybill emulator: AMQP on 127\.0\.0\.1:\d+, HTTP on 127\.0\.0\.1:\d+\./,
    );
    command.process.kill("SIGINT");
    const { stdout, exitCode } = await command.ended;
    expect(stdout).toContain("UseDevelopmentEmulator=true");
    expect(exitCode).toBe(0);
  });

  it("says in one line which port is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { stderr, exitCode } = await waybill("emulator", "--port", String(port), "--http-port", "0").ended;
    server.close();
    expect(stderr).toMatch(new RegExp(`^waybill: port ${port} on 127\\.0\\.0\\.1 is taken.*--port.*\n$`));
    expect(exitCode).toBe(1);
  });

  it.each([
    [["--port", "many"], /^waybill: .*'--port <number>'.*whole number from 0 to 65535.*\n$/, 2],
    [["--colour"], /^waybill: unknown option '--colour'.*--help.*\n$/, 2],
    [["--config", "/nowhere.json"], /^waybill: \/nowhere\.json cannot be read \(ENOENT\).*\n$/, 1],
    [["--contracts", "/nowhere.js"], /^waybill: \/nowhere\.js cannot be loaded.*\n$/, 1],
    [["--tls-key", "/key.pem"], /^waybill: TLS needs both --tls-key and --tls-cert\n$/, 1],
  ])("answers %j in one line, without a stack", async (args, stderr, exitCode) => {
    const ended = await emulator(...args).ended;
    expect(ended.stderr).toMatch(stderr);
    expect([ended.exitCode, ended.stdout]).toEqual([exitCode, ""]);
  });
});
