import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Measured, SoakTask } from "./sample.js";

export interface SoakOptions extends Omit<SoakTask, "serviceBus" | "eventHubs"> {}

/** Runs the stack in a process of its own against an emulator in another one. @throws {Error} if one of them fails */
export async function soak(options: SoakOptions): Promise<Measured> {
  const emulator = child("emulator.ts");
  try {
    const [addresses] = (await messageOf(emulator)) as [Pick<SoakTask, "serviceBus" | "eventHubs">];
    const stack = child("stack.ts");
    try {
      stack.send({ ...options, ...addresses });
      const [measured] = (await messageOf(stack)) as [Measured];
      return measured;
    } finally {
      stack.kill("SIGKILL");
    }
  } finally {
    emulator.kill("SIGKILL");
  }
}

const child = (file: string): ChildProcess =>
  fork(join(import.meta.dirname, "child", file), [], {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });

async function messageOf(process: ChildProcess): Promise<unknown[]> {
  const ended = once(process, "exit").then(([code]) => {
    throw new Error(`a process of the soak ended with ${String(code)}`);
  });
  return Promise.race([once(process, "message"), ended]);
}
