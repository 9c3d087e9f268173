import type { ServiceBusClient, ServiceBusSessionReceiver } from "@azure/service-bus";
import { withinAborting, type Deadline, type WaybillError } from "../../src/transport/index.js";
import { acceptSession, textOf, type EntityPath } from "./entity-path.js";
import { mapError } from "./map-error.js";

/** Who wishes for sessions. */
export interface WishHost {
  /** Whether one more session is wanted now. */
  wantsSession(): boolean;
  /** A session, which is the host's from now on, whether it is still wanted or not. */
  granted(link: ServiceBusSessionReceiver): void;
  /** Why there is none. */
  refused(error: WaybillError): void;
}

/** Asks the service for the next session: one wish is under way at a time, however many sessions are wanted. */
export class SessionWish {
  readonly #client: ServiceBusClient;
  readonly #path: EntityPath;
  readonly #deadline: Deadline;
  readonly #host: WishHost;
  #underWay = false;
  /** Sessions in a row whose link broke before anything of them came. */
  #fruitless = 0;
  #over = false;

  constructor(client: ServiceBusClient, path: EntityPath, deadline: Deadline, host: WishHost) {
    this.#client = client;
    this.#path = path;
    this.#deadline = deadline;
    this.#host = host;
  }

  /** Asks, unless it asks already or no session is wanted. */
  make(): void {
    if (this.#underWay || this.#over || !this.#host.wantsSession()) return;
    this.#underWay = true;
    if (this.#fruitless >= fruitlessAtOnce) this.#deadline.runtime.after(fruitlessMs, () => this.#accept());
    else this.#accept();
  }

  /** Something came of a session. */
  bore(): void {
    this.#fruitless = 0;
  }

  /** The link of a session broke before anything came of it. */
  wasFruitless(): void {
    this.#fruitless += 1;
  }

  /** Asks no more. A wish that is under way ends by itself, and gives back what it gets. */
  end(): void {
    this.#over = true;
  }

  #accept(): void {
    if (this.#over) return;
    void this.#acceptNext().then((again) => {
      if (again) this.#accepted();
      else
        this.#deadline.runtime.after(acceptAgainMs, () => {
          this.#accepted();
        });
    });
  }

  #accepted(): void {
    this.#underWay = false;
    this.make();
  }

  /** Answers whether to go on at once. */
  async #acceptNext(): Promise<boolean> {
    const doing = `cannot accept a session of "${textOf(this.#path)}"`;
    try {
      this.#host.granted(
        await withinAborting(
          { ...this.#deadline, operationMs: acceptMs },
          doing,
          (signal) => acceptSession(this.#client, this.#path, undefined, signal),
          (late) => void late.close().catch(() => undefined),
        ),
      );
      return true;
    } catch (error) {
      const mapped = mapError(error, doing);
      // No session has messages: that is the rule, and the wish is repeated.
      if (mapped.code === "timeout") return true;
      if (mapped.code !== "busy" && !this.#over) this.#host.refused(mapped);
      return mapped.code !== "busy";
    }
  }
}

/** The session of that id. @throws {WaybillError} `busy` if another receiver holds it */
export async function acceptNamed(
  client: ServiceBusClient,
  path: EntityPath,
  deadline: Deadline,
  id: string,
): Promise<ServiceBusSessionReceiver> {
  const doing = `cannot take session "${id}" of "${textOf(path)}"`;
  try {
    return await withinAborting(
      deadline,
      doing,
      (signal) => acceptSession(client, path, id, signal),
      (late) => void late.close().catch(() => undefined),
    );
  } catch (error) {
    throw mapError(error, doing);
  }
}

/** The service itself keeps a wish for a session for at most 65 seconds. */
const acceptMs = 70_000;

/**
 * A session whose head the SDK cannot decode takes its connection down each time it is held, and is free at once: asked for
 * again and again it would be a storm of connections.
 */
const fruitlessAtOnce = 2;
const fruitlessMs = 10_000;

/** Until the wish is repeated when the service refuses it at once. */
const acceptAgainMs = 1_000;
