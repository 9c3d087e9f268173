import { vi } from "vitest";
import type { App } from "waybill";
import { memoryIdempotency } from "waybill/memory";
import { realRuntime } from "waybill/store";
import type { Transport } from "waybill/transport";
import type { AppEvent } from "../../src/policy/app-event.js";
import type { ServiceSpec } from "../../src/service.js";
import { start, type StartOptions } from "../../src/start.js";

/** Everything that somebody outside can see of services: what they tell, throw, answer and write. */
export class Outputs {
  readonly all: unknown[] = [];
  readonly #apps: App[] = [];
  readonly #spies: readonly { mockRestore(): void }[];

  constructor() {
    const written = (...texts: readonly unknown[]): boolean => {
      this.all.push(texts);
      return true;
    };
    this.#spies = [
      ...(["log", "info", "warn", "error", "debug"] as const).map((name) =>
        vi.spyOn(console, name).mockImplementation(written),
      ),
      vi.spyOn(process.stderr, "write").mockImplementation(written),
    ];
  }

  get events(): readonly AppEvent[] {
    return this.all.filter(
      (each): each is AppEvent => typeof each === "object" && each !== null && "event" in each,
    );
  }

  /** Starts a service; what `run()` throws is an output. */
  async run(
    service: ServiceSpec,
    transport: Transport,
    more: Pick<StartOptions, "claimCheck" | "idempotency"> = {},
  ): Promise<App | undefined> {
    this.all.push(transport);
    try {
      const app = await start(
        service,
        {
          transport,
          on: (event) => void this.all.push(event),
          idempotency: memoryIdempotency(),
          ...more,
        },
        realRuntime(),
      );
      this.#apps.push(app);
      this.all.push(app);
      return app;
    } catch (error) {
      this.all.push(error);
      return undefined;
    }
  }

  /** What it answers, or throws. */
  async note(answer: Promise<unknown>): Promise<void> {
    this.all.push(await answer.catch((error: unknown) => error));
  }

  async until(event: AppEvent["event"]): Promise<void> {
    await vi.waitFor(
      () => {
        if (!this.events.some((each) => each.event === event)) throw new Error(`no ${event}`);
      },
      { timeout: 20_000 },
    );
  }

  async end(): Promise<void> {
    for (const app of this.#apps) {
      this.all.push(app.health());
      this.all.push(await app.stop({ deadline: "2s" }));
    }
    for (const spy of this.#spies) spy.mockRestore();
  }
}
