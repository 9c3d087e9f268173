import { describe, expect, it } from "vitest";
import { service } from "waybill";
import { memory } from "waybill/memory";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import { start } from "../../src/start.js";
import { jobs } from "../service/jobs.js";

describe("an event loop that was blocked", () => {
  it("is evidence", async () => {
    const world = virtualRuntime();
    let blockedMs = 0;
    const runtime = { ...world, elapsed: () => world.elapsed() + blockedMs };
    const worker = service("worker").consume(jobs, { job: () => undefined });
    const app = await start(worker["~service"], { transport: memory() }, runtime);
    blockedMs = 2_500;
    await world.drive({ target: world.now() + 30_000 });
    expect(app.health().evidence.map(({ what }) => what)).toEqual(["the event loop was blocked for 2500 ms"]);
    let stopped = false;
    const stopping = app.stop().then(() => (stopped = true));
    await world.drive({ ended: () => stopped });
    await stopping;
  });
});
