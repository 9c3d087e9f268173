import { parseArgs } from "node:util";
import { carriers, type CarrierName } from "../carriers/carrier.js";
import { sabotages, type Sabotage } from "./sabotage.js";

/** What the command line asks for. */
export interface Request {
  readonly transport: CarrierName;
  readonly file: string | undefined;
  readonly json: boolean;
  readonly replays: number;
  readonly sabotage: Sabotage | undefined;
  readonly help: boolean;
}

/** The command line is not understood. The message is for a person, and all that a person needs. */
export class UsageError extends Error {}

export const usage = `Usage: npm start -- [options]

  --file <path>      a file of invoice rows; default: the morning that comes with the sample
  --transport <how>  what carries the messages: ${carriers.join(", ")}; default: memory
  --json             one JSON object on standard output, everything else on standard error
  --repeat <n>       play the file n times with numbers of its own: 1 to 1000, default 1
  --sabotage <how>   break the day on purpose: ${sabotages.join(", ")}
  --help             this text`;

/**
 * Reads the command line.
 * @throws {UsageError} for an option that does not exist or has no sensible value.
 */
export function readCommandLine(args: readonly string[]): Request {
  const { transport, file, json, repeat, sabotage, help } = valuesOf(args);
  return {
    transport: carrierOf(transport),
    file,
    json,
    replays: countOf(repeat),
    sabotage: sabotage === undefined ? undefined : sabotageOf(sabotage),
    help,
  };
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        file: { type: "string" },
        transport: { type: "string", default: "memory" },
        json: { type: "boolean", default: false },
        repeat: { type: "string", default: "1" },
        sabotage: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,2}$|^1000$/.test(text)) return Number(text);
  throw new UsageError(`--repeat is ${JSON.stringify(text)}: give a whole number from 1 to 1000`);
}

function carrierOf(text: string): CarrierName {
  const found = carriers.find((each) => each === text);
  if (found !== undefined) return found;
  throw new UsageError(`--transport is ${JSON.stringify(text)}: give ${carriers.join(", ")}`);
}

function sabotageOf(text: string): Sabotage {
  const found = sabotages.find((each) => each === text);
  if (found !== undefined) return found;
  throw new UsageError(`--sabotage is ${JSON.stringify(text)}: give ${sabotages.join(", ")}`);
}
