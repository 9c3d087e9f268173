import type { App } from "../../app.js";
import type { PortName } from "../../runtime/runtime.js";
import type { ServiceSpec } from "../../service.js";
import { start } from "../../start.js";
import type { IdempotencyStore } from "../../store/idempotency-store.js";
import type { Connection, Transport } from "../../transport/transport.js";
import type { Boundary } from "./boundary.js";
import type { Faults } from "./faults.js";
import type { History } from "./history.js";
import { SimProcess } from "./process.js";
import type { Actor, SimWorld } from "./world.js";
import type { Duration } from "../../runtime/duration.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { Swarm } from "./swarm.js";

/** What every process of a schedule shares. */
export interface FleetParts {
  readonly world: SimWorld;
  readonly history: History;
  readonly faults: Faults;
  readonly swarm: Swarm;
  readonly brokerRuntime: Runtime;
  /** How a process reaches the broker and the store. */
  readonly reach: (boundary: Boundary) => { readonly transport: Transport; readonly store: IdempotencyStore };
  readonly intercept?: (
    process: SimProcess,
    port: PortName,
    subject: string,
    id: string,
  ) => { readonly answer: unknown } | undefined;
  /** Says that it has stopped before it has: a seeded bug. */
  readonly stopsEarly: boolean;
}

/** A member of the fleet, through all its lives. */
export interface Member {
  readonly name: string;
  readonly spec: ServiceSpec;
  /** What it does beside its handlers, from the begin of each life. */
  readonly main: ((app: App, process: SimProcess) => void) | undefined;
  readonly skewMs: number;
  process: SimProcess | undefined;
  app: App | undefined;
  /** It shall live: dead or stopped, it comes back. */
  wanted: boolean;
  lives: number;
}

/** Where no receiver falls silent, looks would be a good part of what happens: then they are rare. */
const stallAfterOf = ({ faults }: Swarm): Duration =>
  faults.some(({ name }) => name === "receiveHangs") ? "60s" : "20m";

/** Nobody's: what the world itself does. */
export const nature: Actor = { name: "world", alive: true, paused: false };

/** Starts, stops and kills the processes of a schedule. */
export class Fleet {
  readonly members: Member[] = [];
  readonly #parts: FleetParts;
  #deliveries = 0;
  #promises = 0;
  /** How many promises of each process are still to be kept. */
  readonly #open = new Map<SimProcess, number>();

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  /** Whether everybody who shall live does, and reads. */
  get complete(): boolean {
    return this.members.every(({ wanted, app }) => !wanted || app !== undefined);
  }

  /** Promises that are still to be kept. Those of the dead are nobody's. */
  get openPromises(): number {
    let sum = 0;
    for (const [process, open] of this.#open) if (process.alive) sum += open;
    return sum;
  }

  add(name: string, spec: ServiceSpec, main?: Member["main"]): Member {
    const skewMs = this.#parts.swarm.skewMs[this.members.length] ?? 0;
    const member: Member = {
      name,
      spec,
      main,
      skewMs,
      process: undefined,
      app: undefined,
      wanted: true,
      lives: 0,
    };
    this.members.push(member);
    this.up(member);
    return member;
  }

  member(name: string): Member | undefined {
    return this.members.find((member) => member.name === name);
  }

  /** Starts a life. A start that fails is tried again. */
  up(member: Member): void {
    const { world, history, faults, brokerRuntime, reach, intercept, swarm } = this.#parts;
    member.lives += 1;
    const connections: Connection[] = [];
    const process: SimProcess = new SimProcess({
      world,
      history,
      name: member.lives === 1 ? member.name : `${member.name}.${member.lives}`,
      skewMs: member.skewMs,
      onCrash: () => {
        this.#crashed(member, connections);
      },
      ...(intercept !== undefined
        ? { intercept: (port, subject, id) => intercept(process, port, subject, id) }
        : {}),
    });
    member.process = process;
    const boundary: Boundary = {
      process,
      faults,
      history,
      brokerRuntime,
      connections,
      nextDelivery: () => (this.#deliveries += 1),
    };
    const { transport, store } = reach(boundary);
    const options = {
      transport,
      deps: { host: { process } },
      idempotency: store,
      supervision: { stallAfter: stallAfterOf(swarm) },
      on: (event: Parameters<NonNullable<Parameters<typeof start>[1]["on"]>>[0]) => {
        const id = "id" in event ? event.id : "";
        const channel = "channel" in event ? event.channel : "";
        history.add({ kind: "said", process: process.name, event: event.event, channel, id });
        if (swarm.listenerThrows) throw new Error("a broken listener");
      },
    };
    this.track(process, "start", start(member.spec, options, process.runtime)).then(
      (app) => {
        member.app = app;
        history.add({ kind: "life", process: process.name, step: "started", detail: "" });
        member.main?.(app, process);
      },
      () => {
        process.runtime.after(1000, () => {
          this.up(member);
        });
      },
    );
  }

  /** Stops a member as it should, and brings it back if it is wanted. */
  stop(member: Member, deadlineMs: number, twice = false): void {
    const { app, process } = member;
    if (app === undefined || process?.alive !== true) return;
    const { history } = this.#parts;
    member.app = undefined;
    process.stopping = true;
    const stopped = (unfinished: number): void => {
      history.add({ kind: "life", process: process.name, step: "stopped", detail: String(unfinished) });
    };
    history.add({ kind: "life", process: process.name, step: "stopping", detail: String(deadlineMs) });
    if (this.#parts.stopsEarly) {
      stopped(0);
      process.runtime.after(20_000, () => void app.stop());
      return;
    }
    const stop = () => this.track(process, "stop", app.stop({ deadline: `${deadlineMs}ms` }));
    void stop().then(({ unfinished }) => {
      stopped(unfinished);
    });
    if (twice) void stop();
  }

  /** Notes that a promise was given, and that it was kept. */
  track<T>(process: SimProcess, what: string, promise: Promise<T>): Promise<T> {
    const { history } = this.#parts;
    const number = (this.#promises += 1);
    const note = (settled: boolean): void => {
      this.#open.set(process, (this.#open.get(process) ?? 0) + (settled ? -1 : 1));
      history.add({ kind: "promise", process: process.name, what, number, settled });
    };
    const kept = (): void => {
      note(true);
    };
    note(false);
    promise.then(kept, kept);
    return promise;
  }

  #crashed(member: Member, connections: readonly Connection[]): void {
    const { world, swarm } = this.#parts;
    member.app = undefined;
    // The broker notices later that nobody is there; what it hands over until then waits for the end of its lock.
    world.after(nature, swarm.cutMs, () => {
      for (const connection of connections) void connection.close();
    });
    world.after(nature, swarm.crash?.backAfterMs ?? 0, () => {
      if (member.wanted) this.up(member);
    });
  }
}
