import type { AccessRule } from "./access-rule.js";
import type { Grant } from "./sas-token.js";

/** How tokens are checked. Without such settings every token, and none, is as good as the root key. */
export interface AuthSettings {
  /** Rules of every namespace. */
  readonly rules: readonly AccessRule[];
  /** Checks tokens of type `jwt` (Microsoft Entra). Rejects with an {@link AuthError}. Default: all are refused. */
  readonly validateJwt?: (token: string, audience: string) => Promise<Grant>;
  /** Time for a connection to show its first valid token, then it is closed. Default 20,000 ms, as in Azure. */
  readonly firstTokenMs?: number;
  /** The machine's time, in milliseconds since 1970: clients make tokens by it. Default `Date.now`. */
  readonly wallMs?: () => number;
}
