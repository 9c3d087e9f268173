import { isoTime } from "../runtime/iso-time.js";
import { realRuntime, type Runtime } from "../runtime/runtime.js";
import { evidenceText } from "./evidence-log.js";
import { CachedToken, type Token } from "./cached-token.js";

/** A credential of the Azure SDKs (`TokenCredential`), as far as it matters here. */
export interface TokenSource<T extends Token, O> {
  /** May answer `null`: then there is none. */
  getToken(scopes: string | string[], options?: O): Promise<T | null>;
}

/** How one token of a credential is. Holds no token. */
export interface TokenHealth {
  readonly scopes: string;
  /** When it ends; RFC 3339. Absent while there is none. */
  readonly expires?: string;
  /** Refreshes in a row that failed. */
  readonly failures: number;
  /** Why the last one did. */
  readonly why?: string;
}

/** A credential whose tokens are refreshed before they end. */
export interface SteadyCredential<T extends Token, O> extends TokenSource<T, O> {
  /** How its tokens are, for who asks how the process is. */
  health(): readonly TokenHealth[];
}

/**
 * Keeps the tokens of a credential: each is refreshed in the background when about four fifths of its lifetime are over, again and
 * again if that fails, and the last good one is given while it is valid. So a service of identities that is away for minutes, or a
 * single failed request, is not felt.
 *
 * A token that nobody asked for since the last refresh lapses. Nothing of it keeps the process alive. The `abortSignal` of one
 * caller ends no request: others may wait for it.
 */
export const steadyCredential = <T extends Token, O>(credential: TokenSource<T, O>): SteadyCredential<T, O> =>
  keepSteady(credential, realRuntime());

/** The same on any clock. */
export function keepSteady<T extends Token, O>(
  credential: TokenSource<T, O>,
  runtime: Runtime,
): SteadyCredential<T, O> {
  const tokens = new Map<string, { readonly scopes: string; readonly cached: CachedToken<T> }>();
  return {
    getToken: (scopes, options) => {
      const key = JSON.stringify([scopes, ...identityOf(options)]);
      const known = tokens.get(key);
      if (known !== undefined) return known.cached.get();
      const alone = withoutSignal(options);
      const cached = new CachedToken(() => credential.getToken(scopes, alone), runtime);
      tokens.set(key, { scopes: String(scopes), cached });
      // A claims challenge is answered once: its answers must not pile up.
      const [oldest] = tokens.keys();
      if (tokens.size > mostTokens && oldest !== undefined) tokens.delete(oldest);
      return cached.get();
    },
    health: () =>
      [...tokens.values()].map(({ scopes, cached: { token, failures, failure } }) => ({
        scopes,
        failures,
        ...(token === undefined ? {} : { expires: isoTime(token.expiresOnTimestamp) }),
        ...(failure === undefined ? {} : { why: evidenceText(failure.message) }),
      })),
  };
}

/** Tenants, claims and scopes that one credential is asked for. */
const mostTokens = 100;

/** What of the options makes another token. */
function identityOf(options: unknown): readonly unknown[] {
  if (typeof options !== "object" || options === null) return [];
  const { tenantId, claims, enableCae } = options as Readonly<Record<string, unknown>>;
  return [tenantId, claims, enableCae];
}

function withoutSignal<O>(options: O | undefined): O | undefined {
  return typeof options === "object" && options !== null ? { ...options, abortSignal: undefined } : options;
}
