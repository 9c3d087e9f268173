import type { ServiceBusAdministrationClient } from "@azure/service-bus";
import {
  WaybillError,
  type ChannelSettings,
  type ConnectContext,
  type Destination,
  type SubscriptionSource,
  within,
  type Deadline,
} from "../../src/transport/index.js";
import { mapError } from "./map-error.js";
import type { ServiceBusOptions } from "./transport.js";

/**
 * Looks at the entities that a service needs, or makes them, as the options say.
 *
 * @throws {WaybillError} `invalidOption` without an administration client, `notFound` for an entity that `verify` misses,
 * `alreadyExists` for one that is not as its contract says.
 */
export async function checkTopology(
  { topology = "assume", administration }: ServiceBusOptions,
  context: ConnectContext,
  deadline: Deadline,
): Promise<void> {
  if (topology === "assume") return;
  if (administration === undefined) {
    throw new WaybillError(
      "invalidOption",
      `topology: "${topology}" needs an administration client: give serviceBus({ administration: () => … }), ` +
        "or leave topology out to assume that the entities exist",
    );
  }
  const admin = new Administrator(administration(), deadline);
  const entities = new Map(
    [...context.destinations, ...context.sources].map((place) => [place.address.toLowerCase(), place]),
  );
  for (const place of entities.values()) await admin.entity(place, topology === "ensure");
  for (const source of context.sources) {
    if (source.kind === "subscription") await admin.subscription(source, topology === "ensure");
  }
}

/** What an entity is made of, in the SDK's words, as far as contracts say it. */
type Wanted = Readonly<Record<string, string | number | boolean>>;

class Administrator {
  readonly #client: ServiceBusAdministrationClient;
  readonly #deadline: Deadline;

  constructor(client: ServiceBusAdministrationClient, deadline: Deadline) {
    this.#client = client;
    this.#deadline = deadline;
  }

  async entity({ channel, address }: Destination, create: boolean): Promise<void> {
    const { settings, kind } = channel;
    if (kind === "queue") {
      const wanted = { ...sending(settings), ...receiving(settings) };
      await this.#look(`queue "${address}"`, wanted, create, {
        get: () => this.#client.getQueue(address),
        create: () => this.#client.createQueue(address, wanted),
      });
    } else if (kind === "topic") {
      const wanted = sending(settings);
      await this.#look(`topic "${address}"`, wanted, create, {
        get: () => this.#client.getTopic(address),
        create: () => this.#client.createTopic(address, wanted),
      });
    }
  }

  async subscription({ channel, address, subscription }: SubscriptionSource, create: boolean): Promise<void> {
    const wanted = receiving(channel.settings);
    await this.#look(`subscription "${address}/${subscription}"`, wanted, create, {
      get: () => this.#client.getSubscription(address, subscription),
      create: () => this.#client.createSubscription(address, subscription, wanted),
    });
  }

  async #look(what: string, wanted: Wanted, create: boolean, entity: Entity): Promise<void> {
    const found = await this.#found(what, entity);
    if (found !== undefined) compare(what, wanted, found);
    else if (create) await this.#run(`cannot create ${what}`, entity.create);
    else {
      throw new WaybillError(
        "notFound",
        `${what} does not exist: create it, or let topology: "ensure" do so where the identity may`,
      );
    }
  }

  async #found(what: string, { get }: Entity): Promise<object | undefined> {
    try {
      return await this.#run(`cannot look at ${what}`, get);
    } catch (error) {
      const missing = error instanceof WaybillError && isMissing(error.cause);
      if (missing) return undefined;
      throw error;
    }
  }

  async #run<T>(doing: string, operation: () => Promise<T>): Promise<T> {
    try {
      return await within(this.#deadline, doing, operation);
    } catch (error) {
      throw mapError(error, doing);
    }
  }
}

interface Entity {
  readonly get: () => Promise<object>;
  readonly create: () => Promise<unknown>;
}

/** The SDK reads an empty feed, the service's answer for an entity that is not there, as this. */
const isMissing = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  "code" in error &&
  (error.code === "MessageEntityNotFoundError" || error.code === "MessagingEntityNotFound");

function compare(what: string, wanted: Wanted, found: object): void {
  for (const [name, value] of Object.entries(wanted)) {
    const actual = (found as Wanted)[name];
    if (actual === value) continue;
    throw new WaybillError(
      "alreadyExists",
      `${what} has ${name} ${String(actual)}, and its contract says ${String(value)}: change the one or the other`,
    );
  }
}

function sending({ dedupWindowMs, ttlMs }: ChannelSettings): Record<string, string | boolean> {
  return {
    ...(ttlMs === undefined ? {} : { defaultMessageTimeToLive: isoDuration(ttlMs) }),
    ...(dedupWindowMs === undefined
      ? {}
      : {
          requiresDuplicateDetection: true,
          duplicateDetectionHistoryTimeWindow: isoDuration(dedupWindowMs),
        }),
  };
}

/** Expired messages are dead-lettered: nothing is lost in silence. */
function receiving({ ordered, lockMs, maxDeliveries, ttlMs }: ChannelSettings) {
  return {
    requiresSession: ordered,
    deadLetteringOnMessageExpiration: true,
    ...(lockMs === undefined ? {} : { lockDuration: isoDuration(lockMs) }),
    ...(maxDeliveries === undefined ? {} : { maxDeliveryCount: maxDeliveries }),
    ...(ttlMs === undefined ? {} : { defaultMessageTimeToLive: isoDuration(ttlMs) }),
  };
}

/** As the service writes it back, so that the two can be compared: `P1DT2H3M4S`, without parts that are zero. */
function isoDuration(ms: number): string {
  const days = Math.floor(ms / dayMs);
  const hours = Math.floor((ms % dayMs) / hourMs);
  const minutes = Math.floor((ms % hourMs) / minuteMs);
  const seconds = (ms % minuteMs) / 1_000;
  const time = [
    hours > 0 ? `${String(hours)}H` : "",
    minutes > 0 ? `${String(minutes)}M` : "",
    seconds > 0 || ms === 0 ? `${String(seconds)}S` : "",
  ].join("");
  return `P${days > 0 ? `${String(days)}D` : ""}${time === "" ? "" : `T${time}`}`;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
