/** Node's crypto, loaded when it is first used: to load it takes a fifth of the time that the rest of Waybill takes. */
export const crypto = (): typeof import("node:crypto") =>
  (loaded ??= process.getBuiltinModule("node:crypto"));

let loaded: typeof import("node:crypto") | undefined;
