import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import type { EmulatorClock } from "../clock.js";
import type { Namespace } from "../namespace.js";
import type { AuthSettings } from "../security/auth-settings.js";
import { administrationRoutes } from "./administration/routes.js";
import { managementRoutes } from "./event-grid/management-routes.js";
import { publishRoutes } from "./event-grid/publish-routes.js";
import { pullRoutes } from "./event-grid/pull-routes.js";
import { healthAnswer, type HealthCheck } from "./health.js";
import type { HttpLimits } from "./limits.js";

export interface AppOptions {
  /** The virtual namespace that a host name addresses; the default one for names that nobody has. */
  readonly namespaceOf: (hostname: string) => Namespace;
  readonly clock: EmulatorClock;
  /** How tokens of the administration API are checked. Default: they are not. */
  readonly auth?: AuthSettings;
  /** Keys, in base64, of Event Grid topics that are created here. Default none: everybody may publish and receive. */
  readonly eventGridKeys?: readonly string[];
  readonly health: HealthCheck;
  readonly limits: HttpLimits;
}

/**
 * Everything that the emulator serves over HTTP:
 *
 * | path | what |
 * | --- | --- |
 * | `GET /health` | whether all is well |
 * | `POST /{topic}/api/events` | Event Grid: publish to a custom topic |
 * | `POST /topics/{topic}:publish` | Event Grid: publish to a namespace topic |
 * | `POST /topics/{topic}/eventsubscriptions/{s}:{verb}` | Event Grid: receive, acknowledge, release, reject, renewLock |
 * | `/$emulator/event-grid/…` | Event Grid: topics, subscriptions, dead letters, consent by hand |
 * | anything else | administration of Service Bus and Event Hubs |
 *
 * Names of entities cannot begin with `$`, and the administration API knows no POST, so nothing is in the way of
 * anything; a queue called `health` is told from `/health` by the `api-version` that every client sends.
 */
export function createApp(options: AppOptions): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    const { incoming } = c.env as Partial<HttpBindings>;
    // Two array members for each header.
    if ((incoming?.rawHeaders.length ?? 0) > 2 * options.limits.maxHeaders) {
      return c.text("The request has too many headers.", 431);
    }
    return next();
  });
  app.get("/health", (c, next) =>
    c.req.query("api-version") === undefined ? healthAnswer(options.health) : next(),
  );
  app.route("/", publishRoutes(options));
  app.route("/", pullRoutes(options));
  app.route("/", managementRoutes(options));
  app.route("/", administrationRoutes(options));
  app.onError((error, c) => c.text(`The emulator failed: ${error.message}`, 500));
  return app;
}
