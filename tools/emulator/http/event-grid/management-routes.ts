import { Hono, type Context } from "hono";
import {
  deadLetterRecord,
  type DeadLetter,
} from "../../../../adapters/memory/broker/notifier/dead-letter.js";
import type { EmulatorClock } from "../../clock.js";
import type { Namespace } from "../../namespace.js";
import type { AppOptions } from "../app.js";
import { readText } from "../read-body.js";
import { badRequest, parseJson, refusalAnswer, tooLargeBody } from "./answers.js";
import { eventGridOf, type EventGridEntities, type PutOutcome } from "./entities.js";

const base = "/$emulator/event-grid";
const statusOf: Readonly<Record<PutOutcome, number>> = { created: 201, replaced: 200, unchanged: 200 };

/** Where an endpoint consents by hand, if the emulator's HTTP side is at this origin. */
export const validationUrl = (origin: string, namespace: Namespace, code: string): string =>
  `${origin}${base}/validate?${new URLSearchParams({ namespace: namespace.name, code }).toString()}`;

/**
 * Management of Event Grid, which in Azure is Resource Manager's: JSON bodies as there, at
 *
 * - `GET /$emulator/event-grid/topics`, and `PUT`, `GET`, `DELETE …/topics/{t}`;
 * - `GET …/topics/{t}/eventsubscriptions`, and `PUT`, `GET`, `DELETE …/eventsubscriptions/{s}`;
 * - `GET` and `DELETE …/eventsubscriptions/{s}/deadletters`: what Azure would write to a blob;
 * - `GET` or `POST …/validate?namespace=…&code=…`: consent by hand, sent to endpoints as `validationUrl`.
 */
export function managementRoutes(options: AppOptions): Hono {
  const app = new Hono();
  app.route(base, managed(options));
  return app;
}

function managed(options: AppOptions): Hono {
  const { namespaceOf, limits } = options;
  const app = new Hono();
  const of = (c: Context): EventGridEntities => {
    const namespace = namespaceOf(new URL(c.req.url).hostname);
    // What has fallen due is to be seen.
    namespace.enter(() => undefined);
    return eventGridOf(namespace);
  };

  app.on(["GET", "POST"], "/validate", (c) => validate(c, namespaceOf));
  app.get("/topics", (c) =>
    Response.json({
      value: of(c)
        .topics()
        .map((name) => of(c).topic(name)),
    }),
  );
  app.put("/topics/:topic", async (c) => {
    const topic = c.req.param("topic");
    const outcome = of(c).putTopic(
      topic,
      await bodyOf(c, limits.maxAdministrationBytes),
      options.eventGridKeys ?? [],
    );
    return Response.json(of(c).topic(topic), { status: statusOf[outcome] });
  });
  app.get("/topics/:topic", (c) => Response.json(of(c).topic(c.req.param("topic"))));
  app.delete("/topics/:topic", (c) => {
    of(c).deleteTopic(c.req.param("topic"));
    return new Response(null, { status: 204 });
  });
  subscriptionRoutes(app, of, options);
  app.onError(refusalAnswer);
  return app;
}

function subscriptionRoutes(
  app: Hono,
  of: (c: Context) => EventGridEntities,
  { clock, limits }: AppOptions,
): void {
  app.get("/topics/:topic/eventsubscriptions", (c) => {
    const topic = c.req.param("topic");
    const value = of(c)
      .subscriptions(topic)
      .map((name) => of(c).subscription(topic, name));
    return Response.json({ value });
  });
  const path = "/topics/:topic/eventsubscriptions/:name";
  app.put(path, async (c) => {
    const { topic, name } = c.req.param();
    const outcome = of(c).putSubscription(topic, name, await bodyOf(c, limits.maxAdministrationBytes));
    return Response.json(of(c).subscription(topic, name), { status: statusOf[outcome] });
  });
  app.get(path, (c) => {
    const { topic, name } = c.req.param();
    return Response.json(of(c).subscription(topic, name));
  });
  app.delete(path, (c) => {
    const { topic, name } = c.req.param();
    of(c).deleteSubscription(topic, name);
    return new Response(null, { status: 204 });
  });
  app.get(`${path}/deadletters`, (c) => {
    const { topic, name } = c.req.param();
    const value = of(c)
      .deadLetters(topic, name)
      .map((letter) => deadLetterRecord(onWire(letter, clock)));
    return Response.json({ value });
  });
  app.delete(`${path}/deadletters`, (c) => {
    const { topic, name } = c.req.param();
    of(c).clearDeadLetters(topic, name);
    return new Response(null, { status: 204 });
  });
}

/** Times as the reader's clock has them. */
const onWire = (letter: DeadLetter, clock: EmulatorClock): DeadLetter => ({
  ...letter,
  publishedMs: clock.toWire(letter.publishedMs),
  lastAttemptMs: letter.lastAttemptMs === undefined ? undefined : clock.toWire(letter.lastAttemptMs),
});

/** @throws {BrokerError} `tooLarge`, or `badRequest` if it is no JSON */
async function bodyOf(c: Context, maxBytes: number): Promise<unknown> {
  const text = await readText(c.req.raw, maxBytes);
  if (text === undefined) throw tooLargeBody(maxBytes);
  return text.trim() === "" ? {} : parseJson(text);
}

function validate(c: Context, namespaceOf: AppOptions["namespaceOf"]): Response {
  const namespace = namespaceOf(c.req.query("namespace") ?? "");
  const consented = namespace.enter(() => namespace.notifier.validate(c.req.query("code") ?? ""));
  if (!consented)
    throw badRequest("No subscription waits for this code: it was used, or is older than five minutes.");
  return Response.json({ message: "Webhook successfully validated as a subscription endpoint." });
}
