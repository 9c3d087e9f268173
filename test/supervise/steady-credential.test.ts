import { describe, expect, it } from "vitest";
import { keepSteady } from "../../src/supervise/steady-credential.js";
import { StillRuntime } from "../differential/still-runtime.js";

const minute = 60_000;
const scope = "https://servicebus.azure.net/.default";

/** A credential whose tokens last an hour, on a clock that stands still. */
function steady() {
  const runtime = new StillRuntime();
  const state = { asked: 0, fails: false, none: false };
  const credential = keepSteady(
    {
      getToken: (_scopes: string | string[], _options?: { claims?: string; abortSignal?: AbortSignal }) => {
        state.asked += 1;
        if (state.fails) return Promise.reject(new Error("AADSTS90033: try again; sig=c2VjcmV0c2VjcmV0"));
        if (state.none) return Promise.resolve(null);
        return Promise.resolve({
          token: `token ${String(state.asked)}`,
          expiresOnTimestamp: runtime.now() + 60 * minute,
        });
      },
    },
    runtime,
  );
  const advance = (ms: number) =>
    runtime.advance(ms, () => new Promise((resolve) => void setImmediate(resolve)));
  const token = async () => (await credential.getToken(scope))?.token;
  return { credential, state, advance, token };
}

describe("a steady credential", () => {
  it("asks once for what is asked for often, and at the same time", async () => {
    const { token, state } = steady();
    expect(await Promise.all([token(), token()])).toEqual(["token 1", "token 1"]);
    expect([await token(), state.asked]).toEqual(["token 1", 1]);
  });

  it("asks for each of scopes and claims", async () => {
    const { credential, state } = steady();
    await credential.getToken(scope);
    await credential.getToken(scope, { claims: "more" });
    await credential.getToken([scope]);
    expect(state.asked).toBe(3);
  });

  it("has a new token before a fifth of the last one's lifetime is left, without being asked then", async () => {
    const { token, state, advance } = steady();
    await token();
    await token();
    await advance(44 * minute);
    expect(state.asked).toBe(1);
    await advance(8 * minute);
    expect([state.asked, await token()]).toEqual([2, "token 2"]);
  });

  it("gives the last good token while refreshes fail, says so, and goes on until one succeeds", async () => {
    const { token, state, advance, credential } = steady();
    await token();
    await token();
    state.fails = true;
    await advance(55 * minute);
    expect(await token()).toBe("token 1");
    const [health] = credential.health();
    expect(health?.failures).toBeGreaterThan(3);
    expect(health?.why).toMatch(/^AADSTS90033/);
    expect(JSON.stringify(health)).not.toMatch(/c2VjcmV0|token 1/);
    state.fails = false;
    await advance(minute);
    expect(await token()).toMatch(/^token \d+$/);
    expect(credential.health()).toMatchObject([{ failures: 0 }]);
    expect(await token()).not.toBe("token 1");
  });

  it("tries three times for who has to wait, then says why there is none", async () => {
    const { token, state, advance } = steady();
    state.fails = true;
    const refused = expect(token()).rejects.toThrow("AADSTS90033");
    await new Promise((resolve) => void setImmediate(resolve));
    await advance(5_000);
    await refused;
    expect(state.asked).toBe(3);
  });

  it("takes no token for a failure, and the next one for a success", async () => {
    const { token, state, advance } = steady();
    state.none = true;
    const waited = token();
    await new Promise((resolve) => void setImmediate(resolve));
    state.none = false;
    await advance(1_000);
    expect(await waited).toBe("token 2");
  });

  it("gives no token that ends soon to who asks late, where a new one can be had", async () => {
    const { token, state, advance } = steady();
    await token();
    await advance(50 * minute);
    expect(state.asked).toBe(2);
    await advance(55 * minute);
    expect([state.asked, await token()]).toEqual([2, "token 3"]);
  });

  it("lets a token lapse that nobody asked for since it was refreshed", async () => {
    const { token, state, advance } = steady();
    await token();
    await advance(24 * 60 * minute);
    expect(state.asked).toBe(2);
    expect(await token()).toBe("token 3");
  });
});
