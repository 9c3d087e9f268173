import { WaybillError } from "../../errors.js";
import type { ClaimChange, ClaimHandle, IdempotencyStore } from "../../store/idempotency-store.js";
import { after, type Boundary } from "./boundary.js";

/** An idempotency store, as one process reaches it: it breaks where the plan says so, and what passes is noted. */
export function simStore(inner: IdempotencyStore, boundary: Boundary): IdempotencyStore {
  const { process, faults, history, brokerRuntime } = boundary;
  const reached = async <T>(
    call: () => T | Promise<T>,
    noted: (answer: T, heard: boolean) => void,
  ): Promise<T> => {
    const fault = faults.take("store", process.name);
    if (fault?.mode === "refuse") throw new WaybillError("transportFailed", "the store is not there");
    const answer = await call();
    noted(answer, fault?.mode !== "lose");
    if (fault?.mode === "lose") throw new WaybillError("transportFailed", "the store's answer was lost");
    if (fault?.mode === "late") await after(brokerRuntime, fault.delayMs);
    return answer;
  };
  const changed =
    (what: "extend" | "complete" | "release", { key, token, owner }: ClaimHandle) =>
    (answer: ClaimChange): void => {
      history.add({ kind: "changed", process: process.name, what, key, token, owner, answer });
    };
  return {
    name: inner.name,
    claim: (request) =>
      reached(
        () => inner.claim(request),
        (answer, heard) => {
          const { key, owner, leaseMs } = request;
          const token = answer.kind === "acquired" ? answer.token : 0;
          const process_ = process.name;
          history.add({
            kind: "claimed",
            process: process_,
            key,
            owner,
            answer: answer.kind,
            token,
            leaseMs,
            heard,
          });
        },
      ),
    extend: (handle, leaseMs) => reached(() => inner.extend(handle, leaseMs), changed("extend", handle)),
    complete: (handle, retentionMs) =>
      reached(() => inner.complete(handle, retentionMs), changed("complete", handle)),
    release: (handle) => reached(() => inner.release(handle), changed("release", handle)),
  };
}
