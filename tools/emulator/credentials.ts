import { randomBytes } from "node:crypto";
import { isLoopback, type EmulatorOptions } from "./options.js";
import { rootRule, type AccessRule } from "./security/access-rule.js";
import type { AuthSettings } from "./security/auth-settings.js";

/** Whom the emulator lets in, and what its connection strings say. */
export interface Credentials {
  /** Undefined: nobody is asked. */
  readonly auth: AuthSettings | undefined;
  /** The rule of the connection strings. */
  readonly root: AccessRule;
  /** In base64. Accepted, and needed when `auth` is on. */
  readonly eventGridKey: string;
}

/** Reads the option `auth`. */
export function credentialsOf({ auth, host = "127.0.0.1" }: EmulatorOptions): Credentials {
  const open = isLoopback(host);
  const given = typeof auth === "object" ? auth : {};
  const checks = auth === undefined ? !open : auth !== false;
  // A key that everybody knows keeps nobody out: elsewhere than here it is made anew.
  const key = given.key ?? (open || !checks ? rootRule.key : randomBytes(32).toString("base64"));
  const root = { ...rootRule, key };
  const { rules = [], validateJwt } = given;
  return {
    root,
    eventGridKey: Buffer.from(key).toString("base64"),
    auth: checks
      ? { rules: [root, ...rules], ...(validateJwt === undefined ? {} : { validateJwt }) }
      : undefined,
  };
}
