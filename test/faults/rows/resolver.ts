import dns, { type LookupAddress, type LookupOptions } from "node:dns";
import { createRequire } from "node:module";

type Answer = (error: Error | null, address?: string | LookupAddress[], family?: number) => void;

/** Names that this file answers for: none of them is real. */
const suffix = ".waybill.test";

/** How often names of each host were asked for while they were not known. */
const unknown = new Map<string, { hits: number; isUnknown: boolean }>();

/** A name for this machine that can be made unknown. */
export interface FlappingName {
  readonly host: string;
  /** How often it was asked for while it was unknown. */
  readonly hits: number;
  flap(isUnknown: boolean): void;
  forget(): void;
}

let names = 0;

/** The resolver of this process, which all sockets use, answers for it. */
export function flappingName(): FlappingName {
  if (unknown.size === 0) install();
  names += 1;
  const host = `broker${String(names)}${suffix}`;
  const state = { hits: 0, isUnknown: false };
  unknown.set(host, state);
  return {
    host,
    get hits() {
      return state.hits;
    },
    flap: (isUnknown) => {
      state.isUnknown = isUnknown;
    },
    forget: () => {
      unknown.delete(host);
      if (unknown.size === 0) resolver.lookup = real;
    },
  };
}

/** As `node:net` sees it, which looks it up at each connection. */
const resolver = createRequire(import.meta.url)("node:dns") as { lookup: unknown };
const real = dns.lookup;

function install(): void {
  resolver.lookup = (host: string, options: LookupOptions, answer: Answer): void => {
    const state = unknown.get(host);
    if (state === undefined) {
      real(host, options, (error, address, family) => {
        answer(error, address, family);
      });
    } else if (state.isUnknown) {
      state.hits += 1;
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), {
        code: "ENOTFOUND",
        syscall: "getaddrinfo",
      });
      process.nextTick(answer, error);
    } else if (options.all === true) {
      process.nextTick(answer, null, [{ address: "127.0.0.1", family: 4 }]);
    } else {
      process.nextTick(answer, null, "127.0.0.1", 4);
    }
  };
}
