import { CommanderError } from "commander";
import { ConfigError } from "../emulator/config/config-error.js";
import { ListenError } from "../emulator/listen-error.js";
import { createProgram } from "./program.js";

/** What a wrong command line, and a wrong configuration, end with. */
const wrongUsage = 2;
const failed = 1;

/**
 * Runs the command line to its end, and sets the exit code: 0, 1 for what failed, 2 for a command line that cannot be meant.
 * @param args Without node and the script.
 */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  // Commander has said it already, with the way to its help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongUsage;
  console.error(`waybill: ${lineOf(error)}`);
  return failed;
}

/** One line; the stack only where it is our fault. */
function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected =
    error instanceof ConfigError || error instanceof ListenError || error instanceof RangeError;
  return expected ? error.message.replaceAll("\n", " ") : (error.stack ?? error.message);
}
