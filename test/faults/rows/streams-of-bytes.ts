import type { TcpProxy } from "../proxy/tcp-proxy.js";
import type { Direction, Toxic } from "../proxy/toxics.js";
import type { Row } from "../row.js";
import type { Stage } from "../stage.js";
import { onHub, onQueue, onSessions, onStorage } from "../staged.js";
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
}

/** Poisons the line until it has struck, and then waits for work to go on. */
const striking =
  ({ toxic, direction, times = 1, staysMs = 0 }: Strike) =>
  async (stage: Stage, { proxy }: Proxied): Promise<number> => {
    const active = proxy.add(toxic, direction);
    await until(`the toxic ${toxic.kind} to strike`, () => active.hits >= times);
    await pause(staysMs);
    active.remove();
    await stage.progress();
    return active.hits;
  };

/** The same on every service whose bytes go through the proxy. */
const everywhere = (f: number, injected: string, holds: readonly string[], strike: Strike): readonly Row[] => {
  const script = { f, injected, holds, act: striking(strike) };
  return [onQueue(script), onSessions(script), onHub(script), onStorage(script)];
};

const blackHole: Toxic = { kind: "timeout" };

/** Faults of TCP, by the proxy. */
export const streamsOfBytes: readonly Row[] = [
  ...everywhere(1, "proxy: reset after 700 bytes from the client", ["I1", "I2"], {
    toxic: { kind: "resetPeer", afterBytes: 700 },
    direction: "up",
    times: 2,
  }),
  ...everywhere(4, "proxy: black hole both ways, connections stay", ["I1", "I2", "I12"], {
    toxic: blackHole,
    times: 2,
    staysMs: 1_500,
  }),
  ...everywhere(5, "proxy: black hole to the client, what it says arrives", ["I1", "I2", "I12"], {
    toxic: blackHole,
    direction: "down",
    times: 2,
    staysMs: 1_500,
  }),
];
