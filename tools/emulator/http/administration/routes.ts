import { Hono } from "hono";
import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { AppOptions } from "../app.js";
import { readText } from "../read-body.js";
import { emptyFeedXml } from "./atom.js";
import { authorizeAdministration } from "./authorize.js";
import { parseAdministrationPath, type AdministrationPath } from "./entity-path.js";
import { entityOperation, listEntities } from "./entity-operations.js";
import { groupOperation, listGroups } from "./group-operations.js";
import { namespaceInfo } from "./namespace-info.js";
import { refuseMethod, type Answer, type Operation } from "./operation.js";
import { refusalOf, refusalXml, type Refusal } from "./refusal.js";
import {
  listRules,
  listSubscriptions,
  ruleOperation,
  subscriptionOperation,
} from "./subscription-operations.js";

/**
 * The management API of Service Bus and Event Hubs, as `ServiceBusAdministrationClient` speaks it: Atom entries at
 * `/{queue or topic or hub}`, `/{topic}/Subscriptions/{s}`, `…/Rules/{r}`, `/{hub}/ConsumerGroups/{g}`, lists at
 * `/$Resources/…` and at the collections, and `/$namespaceinfo`.
 */
export function administrationRoutes(options: AppOptions): Hono {
  const app = new Hono();
  const tooLarge: Refusal = { status: 413, detail: "The request is too large." };
  app.all("*", async (c) => {
    const url = new URL(c.req.url);
    const target = parseAdministrationPath(decoded(url.pathname));
    const level = target?.kind === "entity" ? "entity" : "part";
    try {
      await authorizeAdministration(options.auth, {
        url: url.href,
        authorization: c.req.header("authorization"),
      });
      const body = await readText(c.req.raw, options.limits.maxAdministrationBytes);
      if (body === undefined) return xmlResponse(tooLarge.status, refusalXml(tooLarge));
      const namespace = options.namespaceOf(url.hostname);
      const operation: Operation = {
        namespace,
        clock: options.clock,
        place: {
          origin: url.origin,
          apiVersion: url.searchParams.get("api-version") ?? "2021-05",
          namespace: namespace.name,
        },
        method: c.req.method,
        isUpdate: c.req.header("if-match") !== undefined,
        body,
        page: { skip: count(url, "$skip", 0), top: Math.min(count(url, "$top", 100), maxTop) },
        path: url.pathname,
      };
      const { status, xml } = namespace.enter(() => answerOf(operation, target));
      return xmlResponse(status, xml);
    } catch (error) {
      const refusal = refusalOf(error, level);
      return xmlResponse(refusal.status, refusalXml(refusal));
    }
  });
  return app;
}

const maxTop = 1_000;

function answerOf(operation: Operation, target: AdministrationPath | undefined): Answer {
  if (target === undefined) {
    throw new BrokerError("com.microsoft:argument-error", "The path of the request leads nowhere.");
  }
  switch (target.kind) {
    case "entity":
      return entityOperation(operation, target.name);
    case "subscription":
      return subscriptionOperation(operation, target.topic, target.name);
    case "rule":
      return ruleOperation(operation, target, target.name);
    case "group":
      return groupOperation(operation, target.hub, target.name);
    default:
      return operation.method === "GET" ? show(operation, target) : refuseMethod(operation.method);
  }
}

type Shown = Exclude<AdministrationPath, { readonly kind: "entity" | "subscription" | "rule" | "group" }>;

function show(operation: Operation, target: Shown): Answer {
  switch (target.kind) {
    case "root":
      return { status: 200, xml: emptyFeedXml() };
    case "namespace":
      return namespaceInfo(operation);
    case "queues":
      return listEntities(operation, "queue");
    case "topics":
      return listEntities(operation, "topic");
    case "hubs":
      return listEntities(operation, "hub");
    case "subscriptions":
      return listSubscriptions(operation, target.topic);
    case "rules":
      return listRules(operation, target);
    case "groups":
      return listGroups(operation, target.hub);
  }
}

/** @throws {BrokerError} `com.microsoft:argument-error` */
function count(url: URL, name: string, absent: number): number {
  const text = url.searchParams.get(name);
  if (text === null) return absent;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new BrokerError("com.microsoft:argument-error", `${name} must be a whole number.`);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function xmlResponse(status: number, xml: string): Response {
  const type = xml.startsWith("<Error") ? "application/xml" : "application/atom+xml;type=entry";
  return new Response(xml === "" ? null : xml, {
    status,
    headers: xml === "" ? {} : { "content-type": `${type};charset=utf-8` },
  });
}
