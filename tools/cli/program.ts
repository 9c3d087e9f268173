import { Command, InvalidArgumentError, Option } from "commander";
import { readFileSync } from "node:fs";
import type { EmulatorFlags } from "./emulator-command.js";

/** The command `waybill`. Throws instead of ending the process. */
export function createProgram(): Command {
  const program = command("waybill", "waybill")
    .description("Local tools for Waybill, and an emulator of Azure's messaging for any SDK.")
    .version(version(), "-v, --version");
  program.addCommand(emulatorCommand());
  return program;
}

function emulatorCommand(): Command {
  return command("emulator", "waybill emulator")
    .description(
      "Serve Azure Service Bus, Event Hubs and Event Grid from this machine, until SIGINT or SIGTERM.",
    )
    .option("--host <address>", "listen here; anything but loopback lets other machines in", "127.0.0.1")
    .option("--port <number>", "AMQP: Service Bus and Event Hubs; 0 for a free one", port, 5672)
    .option("--http-port <number>", "administration, Event Grid, /health; 0 for a free one", port, 5300)
    .addOption(repeatable("--config <file>", "Config.json of Microsoft's Service Bus or Event Hubs emulator"))
    .addOption(repeatable("--contracts <file>", "module that exports channels of waybill/contracts"))
    .option("--create-on-use", "make entities that a client asks for and that are not there")
    .option("--auth", "check signatures and expiry (default elsewhere than on loopback)")
    .option("--no-auth", "let everybody in")
    .option("--premium", "the size limits of the premium tier")
    .option("--tls-key <file>", "private key in PEM: serve TLS on the same ports")
    .option("--tls-cert <file>", "certificate in PEM")
    .option("--json", "print one line of JSON when everything accepts, and nothing else, on standard output")
    .action(async (flags: EmulatorFlags) => {
      // Loaded when it is asked for: `waybill --help` need not know AMQP.
      const { runEmulator } = await import("./emulator-command.js");
      await runEmulator(flags);
    });
}

/** A command that throws its errors, having said them in one line. */
function command(name: string, path: string): Command {
  return new Command(name).exitOverride().configureOutput({
    outputError(text, write) {
      write(
        `waybill: ${text
          .trim()
          .replace(/^error: /, "")
          .replaceAll("\n", " ")} See ${path} --help.\n`,
      );
    },
  });
}

function repeatable(flags: string, description: string): Option {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  return new Option(flags, `${description}; may be given again`).default([], "none").argParser(collect);
}

function port(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= 65_535) return number;
  throw new InvalidArgumentError("Give a whole number from 0 to 65535; 0 takes a free port.");
}

function version(): string {
  // Beside this file's folder, built or not.
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
