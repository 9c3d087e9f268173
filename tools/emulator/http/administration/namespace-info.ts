import { entryAnswer, refuseMethod, type Answer, type Operation } from "./operation.js";

/** `$namespaceinfo`: who this is, and since when. */
export function namespaceInfo(operation: Operation): Answer {
  const { namespace, clock, method } = operation;
  if (method !== "GET") return refuseMethod(method);
  const created = new Date(clock.toWire(namespace.createdMs)).toISOString();
  return entryAnswer(operation, {
    path: "$namespaceinfo",
    title: namespace.name,
    updated: created,
    element: "NamespaceInfo",
    description: {
      CreatedTime: created,
      MessagingSKU: "Standard",
      ModifiedTime: created,
      Name: namespace.name,
      NamespaceType: "Messaging",
    },
  });
}
