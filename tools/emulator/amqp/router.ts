import { BrokerError } from "../../../adapters/memory/broker/broker-error.js";
import type { Right } from "../../../adapters/memory/broker/rights.js";
import type { EmulatorClock } from "../clock.js";
import type { Namespace } from "../namespace.js";
import { ruleOf } from "../security/access-rule.js";
import type { AuthSettings } from "../security/auth-settings.js";
import { ConnectionClaims } from "../security/connection-claims.js";
import { LinkGuard } from "../security/link-guard.js";
import { pathOf } from "../security/resource.js";
import type { ShownTokens } from "../security/shown-tokens.js";
import { cbsNode } from "./cbs.js";
import type { Door, DoorHandler, Visit } from "./door.js";
import type { Connection, ConnectionHandler, LinkRequest, OpenConnection } from "./engine/engine.js";
import { findEntity, neededEntity, type EntityNeed } from "./entity-path.js";
import { RequestReply, type Answer } from "./request-reply.js";

export interface AmqpServiceDeps {
  readonly clock: EmulatorClock;
  /** Chooses the virtual namespace by what the client called us. */
  readonly namespaceOf: (hostname: string | undefined) => Namespace;
  /** Default: no token is needed, and none is looked at. */
  readonly auth?: AuthSettings | undefined;
  /** Where the tokens of all connections are found. Default: nowhere. */
  readonly tokens?: ShownTokens;
  /** Makes what a client asks for and is not there; see `createOnUse`. Default: that is an error. */
  readonly createOnUse?: ((namespace: Namespace, need: EntityNeed) => void) | undefined;
  readonly serviceBus: Door;
  readonly eventHubs: Door;
}

/** Serves connections: leads every link to the node or the service that its address belongs to. */
export function amqpService(deps: AmqpServiceDeps): OpenConnection {
  return (connection) => new RoutedConnection(deps, connection);
}

class RoutedConnection implements ConnectionHandler {
  readonly #deps: AmqpServiceDeps;
  readonly #connection: Connection;
  readonly #namespace: Namespace;
  readonly #requests = new RequestReply();
  readonly #guard = new LinkGuard();
  readonly #claims: ConnectionClaims;
  readonly #cbs: Answer;
  readonly #opened = new Map<Door, DoorHandler>();
  readonly #streaming: boolean;
  #firstToken: NodeJS.Timeout | undefined;

  constructor(deps: AmqpServiceDeps, connection: Connection) {
    this.#deps = deps;
    this.#connection = connection;
    this.#namespace = deps.namespaceOf(connection.hostname);
    const agent = connection.properties.get("user-agent");
    this.#streaming = typeof agent === "string" && /event-?hub/i.test(agent);
    this.#claims = new ConnectionClaims(deps.auth?.wallMs ?? Date.now, () => {
      this.#guard.enforce((path, need) => this.#allows(path, need));
    });
    this.#cbs = cbsNode({
      auth: deps.auth,
      claims: this.#claims,
      exists: (path) => this.#exists(path),
    });
    deps.tokens?.add(this.#claims);
    if (deps.auth !== undefined) this.#authenticate(deps.auth);
  }

  attach(request: LinkRequest): void {
    try {
      this.#route(request);
    } catch (error) {
      const condition = error instanceof BrokerError ? error.condition : "amqp:internal-error";
      const description = error instanceof Error ? error.message : String(error);
      request.refuse({ condition, description });
    }
  }

  closed(): void {
    clearTimeout(this.#firstToken);
    this.#claims.close();
    this.#deps.tokens?.remove(this.#claims);
    for (const door of this.#opened.values()) door.closed();
    this.#opened.clear();
  }

  #route(request: LinkRequest): void {
    if (request.target?.coordinator === true) {
      throw new BrokerError("amqp:not-implemented", "The emulator has no transactions across messages.");
    }
    const terminus = request.role === "sender" ? request.source : request.target;
    // A dynamic source is nobody's node: only answers will come from it.
    if (terminus?.dynamic === true) {
      this.#requests.attach(request, this.#cbs);
      return;
    }
    const address = pathOf(terminus?.address ?? "");
    const lower = address.toLowerCase();
    if (lower === "$cbs") this.#requests.attach(request, this.#cbs);
    else if (lower === "$management") this.#enter(this.#deps.eventHubs, request, address);
    else this.#toEntity(request, address);
  }

  #toEntity(request: LinkRequest, address: string): void {
    const need: Right = request.role === "receiver" ? "Send" : "Listen";
    const managed = /\/\$management$/i.test(address);
    const allowed = managed ? this.#allowsAnything(address) : this.#allows(address, need);
    if (!allowed) throw this.#unauthorized(address, need);
    this.#createOnUse(request, address);
    const entity = findEntity(this.#namespace, address);
    if (entity === undefined) throw this.#notFound(address);
    const door = entity.kind === "hub" ? this.#deps.eventHubs : this.#deps.serviceBus;
    const guarded =
      this.#deps.auth === undefined || managed ? request : this.#guard.watch(request, address, need);
    this.#enter(door, guarded, address);
  }

  #enter(door: Door, request: LinkRequest, address: string): void {
    let handler = this.#opened.get(door);
    if (handler === undefined) {
      handler = door(this.#visit());
      this.#opened.set(door, handler);
    }
    handler.attach(request, address);
  }

  #visit(): Visit {
    const { auth, clock } = this.#deps;
    return {
      connection: this.#connection,
      namespace: this.#namespace,
      clock,
      requests: this.#requests,
      rightsOn: (path) => (auth === undefined ? undefined : this.#claims.rightsOn(path)),
      needHub: (name) => this.#deps.createOnUse?.(this.#namespace, { kind: "hub", name }),
    };
  }

  #createOnUse(request: LinkRequest, address: string): void {
    const { createOnUse } = this.#deps;
    if (createOnUse === undefined) return;
    const streaming = this.#streaming || request.desiredCapabilities.includes("com.microsoft:georeplication");
    const need = neededEntity(address, streaming);
    if (need !== undefined) createOnUse(this.#namespace, need);
  }

  #exists(path: string): boolean {
    if (path === "" || path.startsWith("$") || this.#deps.createOnUse !== undefined) return true;
    return findEntity(this.#namespace, path) !== undefined;
  }

  #allows(path: string, need: Right): boolean {
    if (this.#deps.auth === undefined) return true;
    const rights = this.#claims.rightsOn(path);
    return rights.includes(need) || rights.includes("Manage");
  }

  #allowsAnything(path: string): boolean {
    return this.#deps.auth === undefined || this.#claims.rightsOn(path).length > 0;
  }

  /**
   * A client that named a rule and its key in SASL needs no tokens. Any other has 20 seconds for the first one, then it is
   * dropped (Microsoft's guide to AMQP in Service Bus).
   */
  #authenticate({ rules, firstTokenMs: withinMs = 20_000 }: AuthSettings): void {
    const { user = "", password = "" } = this.#connection.credentials ?? {};
    const rule = ruleOf(rules, user, password);
    if (rule !== undefined) {
      this.#claims.put({ path: "", rights: rule.rights, expiresMs: Infinity });
      return;
    }
    this.#firstToken = setTimeout(() => {
      if (this.#claims.any) return;
      const description = `No valid token was put on $cbs within ${String(withinMs / 1000)} seconds of connecting.`;
      this.#connection.close({ condition: "amqp:unauthorized-access", description });
    }, withinMs);
    this.#firstToken.unref();
  }

  #uri(address: string): string {
    return `sb://${this.#connection.hostname ?? this.#namespace.name}/${address}`;
  }

  #unauthorized(address: string, need: Right): BrokerError {
    return new BrokerError(
      "amqp:unauthorized-access",
      `Unauthorized access. '${need}' claim(s) are required to perform this operation. Resource: '${this.#uri(address)}'.`,
    );
  }

  #notFound(address: string): BrokerError {
    return new BrokerError(
      "amqp:not-found",
      `The messaging entity '${this.#uri(address)}' could not be found. To know more visit https://aka.ms/sbResourceMgrExceptions.`,
    );
  }
}
