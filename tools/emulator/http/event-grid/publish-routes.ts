import { Hono, type Context } from "hono";
import { maxRequestBytes } from "../../../../adapters/memory/broker/notifier/accept-events.js";
import type { AppOptions } from "../app.js";
import { readBody } from "../read-body.js";
import { refusalAnswer, tooLargeBody } from "./answers.js";
import { headOf } from "./request-head.js";

/**
 * Publishing, as `EventGridPublisherClient` does it to a custom topic (endpoint `{endpoint}/{topic}/api/events`) and
 * `EventGridSenderClient` to a topic of a namespace (endpoint `{endpoint}`). Both need `allowInsecureConnection: true`
 * for plain HTTP, on loopback too.
 */
export function publishRoutes({ namespaceOf, limits, clock }: AppOptions): Hono {
  const app = new Hono();
  const publish = async (c: Context, topic: string): Promise<Response> => {
    const head = headOf(c, clock);
    const body = await readBody(c.req.raw, limits.maxBodyBytes);
    if (body === undefined)
      return refusalAnswer(tooLargeBody(Math.min(limits.maxBodyBytes, maxRequestBytes)));
    const namespace = namespaceOf(new URL(head.url).hostname);
    const { status, error } = namespace.enter(() => namespace.notifier.publish(topic, { ...head, body }));
    return error === undefined ? new Response(null, { status }) : Response.json({ error }, { status });
  };
  app.post("/:topic/api/events", (c) => publish(c, c.req.param("topic")));
  app.post("/topics/:operation{[^/]+:publish}", (c) =>
    publish(c, c.req.param("operation").slice(0, -":publish".length)),
  );
  return app;
}
