/** What an address names within a hub. */
export type HubPart =
  | { readonly kind: "hub" }
  | { readonly kind: "partition"; readonly partitionId: string }
  | { readonly kind: "publisher"; readonly publisher: string }
  | { readonly kind: "reader"; readonly group: string; readonly partitionId: string }
  | { readonly kind: "management" };

/**
 * Reads what follows a hub's name in an address: nothing, `/Partitions/<id>`, `/Publishers/<name>`,
 * `/ConsumerGroups/<group>/Partitions/<id>` or `/$management`. Undefined for anything else.
 */
export function parseHubPart(rest: string): HubPart | undefined {
  if (rest === "") return { kind: "hub" };
  const [, first = "", second = "", third = "", fourth = "", ...more] = rest.split("/");
  if (more.length > 0) return undefined;
  switch (first.toLowerCase()) {
    case "partitions":
      return second !== "" && third === "" ? { kind: "partition", partitionId: second } : undefined;
    case "publishers":
      return second !== "" && third === "" ? { kind: "publisher", publisher: second } : undefined;
    case "consumergroups":
      return second !== "" && third.toLowerCase() === "partitions" && fourth !== ""
        ? { kind: "reader", group: second, partitionId: fourth }
        : undefined;
    case "$management":
      return second === "" ? { kind: "management" } : undefined;
    default:
      return undefined;
  }
}
