import { channelId } from "../contracts/channel.js";
import { isWaybillError, WaybillError } from "../errors.js";
import { digest, lengthPrefixed } from "../runtime/hash.js";
import type { ClaimHandle } from "../store/idempotency-store.js";
import type { IdempotencySpec } from "./consumer-spec.js";
import type { DeliveryRun } from "./delivery-run.js";
import type { Consumer } from "./environment.js";
import type { Received } from "./received.js";
import { duplicate, leave, type Verdict } from "./verdict.js";

/** Whose memory: the logical consumer. Never a version or a host. */
export const scopeOf = (consumer: Consumer): string =>
  lengthPrefixed([consumer.service, channelId(consumer.spec.channel), consumer.spec.as]);

/** What makes two messages the same: by default who sent it and its id, which survive every copy. */
export const keyOf = (message: Received, select: ((message: Received) => string) | undefined): string =>
  select === undefined ? lengthPrefixed([message.source, message.id]) : selected(message, select);

/** A key function of the application may throw, and answer anything. */
function selected(message: Received, select: (message: Received) => unknown): string {
  let key: unknown;
  try {
    key = select(message);
  } catch (cause) {
    throw new WaybillError("invalidOption", `idempotent.key threw for message ${message.id}`, { cause });
  }
  if (typeof key === "string" && key !== "") return key;
  throw new WaybillError("invalidOption", `idempotent.key gave no text for message ${message.id}`);
}

/** A digest of what came, to notice a key that is used for something else. */
export const fingerprintOf = (run: DeliveryRun): string =>
  run.fingerprint ?? digest(run.delivery.envelope.contentType ?? "", "\n", run.delivery.envelope.body);

/**
 * Claims the right to handle a message. Answers nothing if it was acquired, otherwise the verdict.
 * @throws {WaybillError} `busy`, `keyReused`, `storeFailed`.
 */
export async function claim(
  consumer: Consumer,
  memo: ClaimMemo,
  run: DeliveryRun,
  message: Received,
  spec: IdempotencySpec,
): Promise<Verdict | undefined> {
  const scope = scopeOf(consumer);
  const key = keyOf(message, spec.key);
  const remembered = memo.get(key, () => fingerprintOf(run));
  if (remembered !== undefined) return confirm(consumer, memo, remembered, spec);
  const { result, owner, askedAtMs } = await ask(consumer, run, message, { scope, key, spec });
  switch (result.kind) {
    case "acquired":
      run.claim = { scope, key, token: result.token, owner };
      run.claimRecovered = result.recovered;
      // Counted from before the request: the store's lease cannot end earlier than this.
      run.extendAtMs = askedAtMs + spec.leaseMs / 3;
      refuseLate(consumer, run, askedAtMs + spec.leaseMs);
      return undefined;
    case "completed":
      return duplicate;
    case "busy":
      throw new WaybillError("busy", `message ${message.id} is being handled elsewhere`, {
        retryAfterMs: Math.min(result.retryAfterMs, 30_000),
      });
    case "conflict":
      throw new WaybillError(
        "keyReused",
        `the idempotency key of message ${message.id} was used with other content: give the second message a new id`,
      );
  }
}

/** The answer may have taken so long that the handler must not start any more. @throws why. */
function refuseLate(consumer: Consumer, run: DeliveryRun, leaseUntilMs: number): void {
  if (run.abortError !== undefined) throw run.abortError;
  if (consumer.runtime.now() < leaseUntilMs) return;
  throw new WaybillError(
    "busy",
    `the claim of message ${run.delivery.envelope.id} had ended when the idempotency store's answer came`,
  );
}

/** Asks the store for the claim, with a new random owner. */
async function ask(
  consumer: Consumer,
  run: DeliveryRun,
  message: Received,
  claim: { readonly scope: string; readonly key: string; readonly spec: IdempotencySpec },
) {
  const { scope, key, spec } = claim;
  const { leaseMs, retentionMs } = spec;
  const owner = consumer.runtime.uuid(`owner ${consumer.service} ${message.id}`);
  const askedAtMs = consumer.runtime.now();
  const request = { scope, key, fingerprint: fingerprintOf(run), owner, leaseMs, retentionMs };
  const result = await callStore(consumer, `claim ${key}`, (store) => store.claim(request));
  return { result, owner, askedAtMs };
}

/**
 * Marks the message as done. Answers nothing if it is; otherwise why it must not be settled.
 *
 * If the store's answer is lost, the handle is remembered: the redelivery asks the store again and does not run.
 */
export async function completeClaim(
  consumer: Consumer,
  memo: ClaimMemo,
  run: DeliveryRun,
  spec: IdempotencySpec,
): Promise<Verdict | undefined> {
  const handle = run.claim;
  if (handle === undefined) return undefined;
  try {
    const change = await callStore(consumer, `complete ${handle.key}`, (store) =>
      store.complete(handle, spec.retentionMs),
    );
    return change === "ok" ? undefined : leave("another owner took the message over while it was handled");
  } catch (error) {
    memo.remember(handle, fingerprintOf(run));
    abandonClaim(run);
    run.storeFailure = isWaybillError(error) ? error : undefined;
    return leave("the idempotency store did not confirm that the message is done");
  } finally {
    run.endClaim?.();
  }
}

/** Gives the claim back after a failure. What goes wrong here is cured by the end of the lease. */
export async function releaseClaim(consumer: Consumer, run: DeliveryRun): Promise<void> {
  const handle = run.claim;
  if (handle === undefined) return;
  run.claim = undefined;
  run.extendAtMs = undefined;
  try {
    await callStore(consumer, `release ${handle.key}`, (store) => store.release(handle));
  } catch {
    // The lease ends by itself.
  } finally {
    run.endClaim?.();
  }
}

/** Extends a claim no longer: its lease ends by itself. */
export function abandonClaim(run: DeliveryRun): void {
  run.claim = undefined;
  run.extendAtMs = undefined;
  run.endClaim?.();
}

/**
 * What this process knows of claims: those that run here, and those that were done but not confirmed by the store
 * (bounded: the oldest are forgotten first).
 */
export class ClaimMemo {
  readonly #handles = new Map<string, { readonly handle: ClaimHandle; readonly fingerprint: string }>();
  readonly #running = new Map<string, Promise<void>>();

  /** The end of a claim that runs in this process. */
  running(key: string): Promise<void> | undefined {
    return this.#running.get(key);
  }

  /** Notes that a claim runs here. Call the result at its end. */
  begin(key: string): () => void {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    this.#running.set(key, ended);
    return () => {
      if (this.#running.get(key) === ended) this.#running.delete(key);
      end();
    };
  }

  /** Other content under the same key was not done: that is for the store to say. */
  get(key: string, fingerprint: () => string): ClaimHandle | undefined {
    const known = this.#handles.get(key);
    return known !== undefined && known.fingerprint === fingerprint() ? known.handle : undefined;
  }

  remember(handle: ClaimHandle, fingerprint: string): void {
    this.#handles.set(handle.key, { handle, fingerprint });
    if (this.#handles.size <= 1000) return;
    const [oldest] = this.#handles.keys();
    if (oldest !== undefined) this.#handles.delete(oldest);
  }

  forget(key: string): void {
    this.#handles.delete(key);
  }
}

async function confirm(
  consumer: Consumer,
  memo: ClaimMemo,
  handle: ClaimHandle,
  spec: IdempotencySpec,
): Promise<Verdict> {
  await callStore(consumer, `complete ${handle.key}`, (store) => store.complete(handle, spec.retentionMs));
  memo.forget(handle.key);
  return duplicate;
}

type Store = NonNullable<Consumer["idempotency"]>;

async function callStore<T>(
  consumer: Consumer,
  what: string,
  call: (store: Store) => T | Promise<T>,
): Promise<T> {
  const store = consumer.idempotency;
  if (store === undefined)
    throw new WaybillError("missingDependency", "no idempotency store was given to run()");
  try {
    return await consumer.runtime.port("store", store.name, what, () => call(store));
  } catch (cause) {
    throw new WaybillError("storeFailed", `the idempotency store "${store.name}" failed`, { cause });
  }
}
