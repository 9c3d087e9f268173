import { Hono, type Context } from "hono";
import type {
  PullDelivery,
  PullSubscription,
  TokenResults,
} from "../../../../adapters/memory/broker/notifier/pull-subscription.js";
import type { Namespace } from "../../namespace.js";
import type { AppOptions } from "../app.js";
import { readText } from "../read-body.js";
import { badRequest, parseJson, refusalAnswer, tooLargeBody } from "./answers.js";
import { headOf } from "./request-head.js";

type Verb = "receive" | "acknowledge" | "release" | "reject" | "renewLock";

/** Pull delivery, as `EventGridReceiverClient` does it. Source: REST `2024-06-01`. */
export function pullRoutes({ namespaceOf, limits, clock }: AppOptions): Hono {
  const app = new Hono();
  app.post(
    "/topics/:topic/eventsubscriptions/:operation{[^/]+:(?:receive|acknowledge|release|reject|renewLock)}",
    async (c) => {
      const operation = c.req.param("operation");
      const colon = operation.lastIndexOf(":");
      const verb = operation.slice(colon + 1) as Verb;
      const topic = c.req.param("topic");
      const body = await readText(c.req.raw, limits.maxBodyBytes);
      if (body === undefined) return refusalAnswer(tooLargeBody(limits.maxBodyBytes));
      const head = headOf(c, clock);
      const namespace = namespaceOf(new URL(head.url).hostname);
      try {
        const subscription = namespace.enter(() => {
          namespace.notifier.authorize(topic, head);
          return namespace.notifier.pullSubscription(topic, operation.slice(0, colon));
        });
        if (verb === "receive") return await receive(c, namespace, subscription);
        return Response.json(settle(c, namespace, { subscription, verb, lockTokens: lockTokensOf(body) }));
      } catch (error) {
        return refusalAnswer(error);
      }
    },
  );
  return app;
}

/** Waits as long as the client asked for, by the emulator's clock, or until it goes away. */
async function receive(c: Context, namespace: Namespace, subscription: PullSubscription): Promise<Response> {
  const maxEvents = queryNumber(c, "maxEvents");
  const maxWaitSeconds = queryNumber(c, "maxWaitTime");
  const { signal } = c.req.raw;
  const deliveries = await new Promise<readonly PullDelivery[]>((resolve) => {
    const cancel = namespace.enter(() =>
      namespace.notifier.receive(
        subscription,
        {
          ...(maxEvents === undefined ? {} : { maxEvents }),
          ...(maxWaitSeconds === undefined ? {} : { maxWaitSeconds }),
        },
        resolve,
      ),
    );
    signal.addEventListener("abort", () => {
      namespace.enter(cancel);
      resolve([]);
    });
  });
  return new Response(`{"value":[${deliveries.map(deliveryJson).join(",")}]}`, {
    headers: { "content-type": "application/json; charset=utf-8" },
  });
}

/** The event goes back as the text that came: large numbers would not survive being parsed. */
function deliveryJson({ lockToken, deliveryCount, eventJson }: PullDelivery): string {
  return `{"brokerProperties":${JSON.stringify({ lockToken, deliveryCount })},"event":${eventJson}}`;
}

function settle(
  c: Context,
  namespace: Namespace,
  operation: {
    readonly subscription: PullSubscription;
    readonly verb: Exclude<Verb, "receive">;
    readonly lockTokens: readonly string[];
  },
): TokenResults {
  const { subscription, verb, lockTokens } = operation;
  return namespace.enter(() => {
    switch (verb) {
      case "acknowledge":
        return subscription.acknowledge(lockTokens);
      case "release":
        return subscription.release(lockTokens, queryNumber(c, "releaseDelayInSeconds"));
      case "reject":
        return subscription.reject(lockTokens);
      case "renewLock":
        return subscription.renewLock(lockTokens);
    }
  });
}

/** @throws {BrokerError} `badRequest` */
function lockTokensOf(body: string): readonly string[] {
  const value = parseJson(body);
  const tokens = typeof value === "object" && value !== null && "lockTokens" in value ? value.lockTokens : [];
  if (Array.isArray(tokens) && tokens.length > 0 && tokens.every((token) => typeof token === "string")) {
    return tokens;
  }
  throw badRequest("The body must have lockTokens, a list of texts with at least one.");
}

/** @throws {BrokerError} `badRequest` */
function queryNumber(c: Context, name: string): number | undefined {
  const text = c.req.query(name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw badRequest(`${name} must be a whole number.`);
}
