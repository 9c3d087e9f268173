import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Pipe } from "./pipe.js";
import { Poison, type ActiveToxic, type Direction, type Toxic } from "./toxics.js";

/** Options of {@link startProxy}. */
export interface ProxyOptions {
  /** Where connections go, on this machine. */
  readonly port: number;
  /** Draws jitter: a number in [0, 1). */
  readonly random: () => number;
}

/** A TCP proxy on this machine that breaks what passes it. */
export interface TcpProxy {
  readonly port: number;
  /** How many connections there are. */
  readonly open: number;
  /** How many there have been. */
  readonly accepted: number;
  /** Poisons connections, those of now and later ones. Default: both directions. Toxics work in the order of their adding. */
  add(toxic: Toxic, direction?: Direction): ActiveToxic;
  /** Resets every connection, and returns how many there were. */
  cut(): number;
  /** Resets every connection, and refuses new ones until the answer is called. */
  down(): Promise<() => Promise<void>>;
  /** Removes every toxic. */
  clear(): void;
  close(): Promise<void>;
}

export async function startProxy(options: ProxyOptions): Promise<TcpProxy> {
  const proxy = new Proxy(options);
  await proxy.listen();
  return proxy;
}

class Proxy implements TcpProxy {
  readonly #options: ProxyOptions;
  readonly #links = new Set<Link>();
  readonly #poisons = new Set<Poison>();
  readonly #swallowers = new Map<Poison, Set<Link>>();
  #server: Server | undefined;
  port = 0;
  accepted = 0;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#links.size;
  }

  async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#accept(socket);
    });
    server.listen(this.port, "127.0.0.1");
    await once(server, "listening");
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  add(toxic: Toxic, direction?: Direction): ActiveToxic {
    const directions: readonly Direction[] = direction === undefined ? ["up", "down"] : [direction];
    const poison = new Poison(toxic, directions, () => {
      this.#poisons.delete(poison);
      for (const link of this.#swallowers.get(poison) ?? []) link.reset();
      this.#swallowers.delete(poison);
    });
    this.#poisons.add(poison);
    return poison;
  }

  cut(): number {
    const cut = [...this.#links];
    for (const link of cut) link.reset();
    return cut.length;
  }

  async down(): Promise<() => Promise<void>> {
    await this.#stop();
    return () => this.listen();
  }

  clear(): void {
    for (const poison of this.#poisons) poison.remove();
  }

  async close(): Promise<void> {
    await this.#stop();
  }

  async #stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = server === undefined ? undefined : once(server, "close");
    server?.close();
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    this.accepted += 1;
    const link = new Link(client, this.#options, {
      poisons: () => [...this.#poisons],
      swallowed: (poison) => {
        const links = this.#swallowers.get(poison) ?? new Set();
        this.#swallowers.set(poison, links.add(link));
      },
      ended: () => {
        this.#links.delete(link);
        for (const links of this.#swallowers.values()) links.delete(link);
      },
    });
    this.#links.add(link);
  }
}

interface LinkHost {
  readonly poisons: () => readonly Poison[];
  readonly swallowed: (poison: Poison) => void;
  readonly ended: () => void;
}

/** A client's connection, and the one that it is led on to. */
class Link {
  readonly #client: Socket;
  readonly #server: Socket;

  constructor(client: Socket, { port, random }: ProxyOptions, { poisons, swallowed, ended }: LinkHost) {
    this.#client = client;
    this.#server = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
    const reset = (): void => {
      this.reset();
    };
    const shared = { poisons, random, swallowed, reset };
    new Pipe({ ...shared, direction: "up", source: this.#client, target: this.#server });
    new Pipe({ ...shared, direction: "down", source: this.#server, target: this.#client });
    for (const socket of [this.#client, this.#server]) {
      // A reset is what this is for.
      socket.on("error", () => undefined);
      socket.on("close", (failed) => {
        if (failed) reset();
        if (this.#client.destroyed && this.#server.destroyed) ended();
      });
    }
  }

  reset(): void {
    if (!this.#client.destroyed) this.#client.resetAndDestroy();
    if (!this.#server.destroyed) this.#server.resetAndDestroy();
  }
}
