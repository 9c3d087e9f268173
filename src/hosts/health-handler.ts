import type { App } from "../app.js";
import type { Health } from "../supervise/health.js";

/** Options for {@link healthHandler}. */
export interface HealthHandlerOptions {
  /**
   * Answers with the whole of `app.health()`, with the names of channels and what was seen to be wrong: for people, not for
   * the public. Default false: state and since when.
   */
  readonly details?: boolean;
}

/**
 * Answers probes by the health of a running service, as a web-standard handler. A path that ends in `/live` asks whether the
 * process should go on, any other whether the service is ready: 200 if so, else 503.
 *
 * It asks nobody, so a probe costs nothing; it tells no message data and no secret.
 */
export function healthHandler(
  app: Pick<App, "health">,
  { details = false }: HealthHandlerOptions = {},
): (request: Request) => Response {
  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD")
      return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    const health = app.health();
    const { pathname } = new URL(request.url);
    const well = /\/live\/?$/.test(pathname) ? health.live : health.ready;
    const body = request.method === "HEAD" ? null : JSON.stringify(details ? health : brief(health));
    return new Response(body, {
      status: well ? 200 : 503,
      headers: { "content-type": "application/json", "cache-control": "no-store" },
    });
  };
}

const brief = ({ state, since, live, ready }: Health): Omit<Health, "evidence" | "consumers"> => ({
  state,
  since,
  live,
  ready,
});
