import type { AmqpPlace } from "../places.js";
import type { TcpProxy } from "../proxy/tcp-proxy.js";
import type { Direction, Toxic } from "../proxy/toxics.js";
import type { Row } from "../row.js";
import type { Stage, Work } from "../stage.js";
import { onGrid, onHub, onQueue, onSessions, onStorage } from "../staged.js";
import { pause, until } from "../until.js";

interface Proxied {
  readonly proxy: TcpProxy;
}

interface Strike {
  readonly toxic: Toxic;
  readonly direction?: Direction;
  /** How often it strikes before it is removed. Default 1. */
  readonly times?: number;
  /** Milliseconds that it stays after that. Default 0. */
  readonly staysMs?: number;
  /** Whether it stays until the worker says that it gets nothing (I11). Default false. */
  readonly untilHeard?: boolean;
}

/** Poisons the line until it has struck, and then waits for work to go on. */
const striking =
  ({ toxic, direction, times = 1, staysMs = 0, untilHeard = false }: Strike) =>
  async (stage: Stage, { proxy }: Proxied): Promise<number> => {
    const active = proxy.add(toxic, direction);
    await until(`the toxic ${toxic.kind} to strike`, () => active.hits >= times);
    if (untilHeard) await stage.heard();
    await pause(staysMs);
    active.remove();
    await stage.progress();
    checkConnections(stage, proxy);
    return active.hits;
  };

/** However long it lasted: some connections, of HTTP one for each request that is under way (I10). */
function checkConnections(stage: Stage, proxy: TcpProxy, most = 24): void {
  if (proxy.open > most) stage.problems.push(`I10: ${String(proxy.open)} connections are open`);
}

interface Everywhere extends Strike {
  readonly f: number;
  readonly injected: string;
  readonly holds: readonly string[];
  readonly work?: Work;
}

/** The same on every service whose bytes go through the proxy. */
function everywhere({ f, injected, holds, work, ...strike }: Everywhere): readonly Row[] {
  const script = { f, injected, holds, act: striking(strike), ...(work === undefined ? {} : { work }) };
  return [onQueue(script), onSessions(script), onHub(script), onStorage(script), onGrid(script)];
}

const blackHole: Toxic = { kind: "timeout" };

/** Long enough for a lock to be renewed a few times on the way, for one message of each key. */
const longWork: Work = async ({ n }, { locks }) => {
  if (n === 3) await locks(1.2);
};

/** Everything in pieces of one byte, from the first byte of the first connection. */
function slicedRows(): readonly Row[] {
  let hits = (): number => 0;
  const script = {
    f: 8,
    injected: "proxy: every byte in a packet of its own, both ways, from the start",
    holds: ["I1", "I2"],
    before: 1,
    prepare: ({ proxy }: Proxied) => {
      const active = proxy.add({ kind: "slicer", bytes: 1 });
      hits = () => active.hits;
    },
    act: async (stage: Stage) => {
      await stage.progress(6);
      return hits();
    },
  };
  return [onQueue(script), onSessions(script), onHub(script), onStorage(script), onGrid(script)];
}

/** A burst that a thin line cannot carry in time. */
const floods = {
  f: 69,
  injected: "proxy: 300 KB/s from the client, and 90 messages of 2 KB at once",
  holds: ["I1", "I2", "I10", "I12"],
  flow: false,
  act: async (stage: Stage, { proxy }: Proxied) => {
    const active = proxy.add({ kind: "bandwidth", bytesPerSecond: 300_000 }, "up");
    await stage.burst(30, "x".repeat(2_000));
    checkConnections(stage, proxy, 120);
    return active.hits;
  },
};

/** Faults of TCP, by the proxy. */
export const tcp: readonly Row[] = [
  ...everywhere({
    ...{ f: 1, injected: "proxy: reset behind 700 bytes from the client", holds: ["I1", "I2", "I11"] },
    ...{ toxic: { kind: "resetPeer", afterBytes: 700 }, direction: "up", times: 2 },
  }),
  ...everywhere({
    ...{ f: 4, injected: "proxy: black hole both ways, connections stay", holds: ["I1", "I2", "I11", "I12"] },
    ...{ toxic: blackHole, times: 2, staysMs: 500, untilHeard: true },
  }),
  ...everywhere({
    f: 5,
    injected: "proxy: black hole to the client, while what it says arrives",
    holds: ["I1", "I2", "I11", "I12"],
    ...{ toxic: blackHole, direction: "down", times: 2, staysMs: 500, untilHeard: true },
  }),
  ...everywhere({
    f: 6,
    injected: "proxy: 300 ± 150 ms to the client while locks are renewed",
    holds: ["I1", "I2"],
    ...{
      toxic: { kind: "latency", delayMs: 300, jitterMs: 150 },
      direction: "down",
      times: 10,
      staysMs: 2_500,
    },
    work: longWork,
  }),
  ...everywhere({
    f: 7,
    injected: "proxy: 1 KB/s both ways",
    holds: ["I1", "I2", "I10", "I12"],
    ...{ toxic: { kind: "bandwidth", bytesPerSecond: 1_000 }, times: 10, staysMs: 2_000 },
  }),
  ...slicedRows(),
  onHub({
    f: 38,
    injected: "proxy: reset behind 3 KB of events, in the middle of a batch",
    holds: ["I1", "I8"],
    act: async (stage: Stage, place: AmqpPlace) => {
      await stage.send(20);
      return striking({ toxic: { kind: "resetPeer", afterBytes: 3_000 }, direction: "down", times: 3 })(
        stage,
        place,
      );
    },
  }),
  onQueue(floods),
  onHub(floods),
  onStorage(floods),
  onGrid(floods),
];
