import { describe, expect, it } from "vitest";
import { healthHandler, type Health } from "waybill";

const health: Health = {
  state: "degraded",
  since: "2026-01-01T00:00:00.000Z",
  live: true,
  ready: false,
  evidence: [{ at: "2026-01-01T00:00:00.000Z", what: "the event loop was blocked for 2000 ms" }],
  consumers: [],
};

const app = (more: Partial<Health> = {}) => ({ health: () => ({ ...health, ...more }) });

const ask = (path: string, init?: RequestInit): Request => new Request(`http://127.0.0.1:8080${path}`, init);

describe("the health handler", () => {
  it.each<readonly [string, Partial<Health>, string, number]>([
    ["ready", { live: true, ready: true }, "/ready", 200],
    ["not ready", { live: true, ready: false }, "/ready", 503],
    ["not ready, but live", { live: true, ready: false }, "/health/live", 200],
    ["not live", { live: false, ready: false }, "/live/", 503],
    ["not ready, asked anywhere", { live: true, ready: false }, "/", 503],
  ])("answers a probe of a service that is %s", (_, state, path, status) => {
    expect(healthHandler(app(state))(ask(path)).status).toBe(status);
  });

  it("tells state and since when, and names no channel and no evidence unless asked", async () => {
    expect(await healthHandler(app())(ask("/ready")).json()).toEqual({
      state: "degraded",
      since: "2026-01-01T00:00:00.000Z",
      live: true,
      ready: false,
    });
    expect(await healthHandler(app(), { details: true })(ask("/ready")).json()).toEqual(health);
  });

  it("answers HEAD without a body, and refuses what is no question", async () => {
    const handler = healthHandler(app({ ready: true }));
    const head = handler(ask("/ready", { method: "HEAD" }));
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(handler(ask("/ready", { method: "POST" })).status).toBe(405);
  });
});
