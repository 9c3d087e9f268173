import type { ServiceBusReceiver, ServiceBusSessionReceiver } from "@azure/service-bus";

/**
 * Keeps the SDK from ending the process when a link does not close.
 *
 * It drains a link before it closes it, and when that is not answered closes it from a timer whose promise nobody holds: a
 * connection that stands and says nothing becomes an unhandled rejection, ten seconds after the receiver was closed
 * (`receiverHelper.js` of 7.9.5; azure-sdk-for-js 39348). So its link is told to keep to itself that it could not be closed. The
 * link is reached by fields that are no part of what the SDK promises: where they are not, nothing happens.
 */
export function closeQuietly(receiver: ServiceBusReceiver | ServiceBusSessionReceiver): void {
  for (const owner of owners) {
    const link = memberOf(memberOf(receiver, owner), "link");
    const close = memberOf(link, "close");
    if (typeof link !== "object" || link === null || typeof close !== "function" || quiet.has(link)) continue;
    quiet.add(link);
    Object.assign(link, {
      close: async (...options: readonly unknown[]): Promise<void> => {
        try {
          await Reflect.apply(close, link, options);
        } catch {
          // That it could not be closed is nobody's to deal with: its connection ends with its client.
        }
      },
    });
  }
}

/** Of a receiver that listens, of one that asked, and of a session. */
const owners = ["_streamingReceiver", "_batchingReceiver", "_messageSession"] as const;

const quiet = new WeakSet<object>();

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as Record<string, unknown>)[name];
}
