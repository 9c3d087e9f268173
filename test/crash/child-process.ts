import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Services } from "./ledger.js";
import type { FromChild, Life } from "./wire.js";

/** How a process ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote. */
  readonly said: string;
}

/** A process that works, until it dies or is stopped. */
export class Child {
  readonly #process: ChildProcess;
  readonly #services: Services;
  readonly #said: string[] = [];
  /** Resolves when it reads. Rejects if it ends before. */
  readonly ready: Promise<void>;
  readonly ended: Promise<End>;
  #end: End | undefined;

  constructor(file: string, life: Life, services: Services) {
    this.#services = services;
    this.#process = fork(file, [JSON.stringify(life)], {
      serialization: "advanced",
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on("data", (chunk: Buffer) => this.#said.push(chunk.toString()));
    this.ended = once(this.#process, "close").then(([code, signal]: unknown[]) => {
      this.#end = { code: code as End["code"], signal: signal as End["signal"], said: this.said };
      return this.#end;
    });
    this.ready = new Promise((resolve, reject) => {
      this.#process.on("message", (message: FromChild) => {
        if (message.kind === "ready") resolve();
        else if (message.kind === "failed") reject(new Error(`a process failed: ${message.why}`));
        else if (message.kind === "call") void this.#answer(message);
      });
      void this.ended.then(({ said }) => {
        reject(new Error(`a process ended before it was ready: ${said}`));
      });
    });
    this.ready.catch(() => undefined);
  }

  get end(): End | undefined {
    return this.#end;
  }

  /** What it has written so far: the errors that it met. */
  get said(): string {
    return this.#said.join("");
  }

  /** Stops it where it stands (SIGSTOP): it is there, and does nothing. */
  suspend(): void {
    this.#process.kill("SIGSTOP");
  }

  /** Lets it go on (SIGCONT), as if nothing had been. */
  resume(): void {
    this.#process.kill("SIGCONT");
  }

  /** Lets it finish what it has. @throws {Error} if it does not end well */
  async stop(): Promise<void> {
    this.#process.send({ kind: "stop" });
    const { code, said } = await this.ended;
    if (code !== 0) throw new Error(`a process that was told to stop ended with ${String(code)}: ${said}`);
  }

  /** Ends it, whatever it does. */
  async destroy(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }

  async #answer({ call, on, method, args }: Extract<FromChild, { readonly kind: "call" }>): Promise<void> {
    const service = this.#services[on] as Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;
    const value = await service[method]?.(...args);
    // It may be dead by now.
    if (this.#process.connected) this.#process.send({ kind: "answer", call, value }, () => undefined);
  }
}
