import { describe, expect, it } from "vitest";
import { PutBackLog } from "../../src/consume/put-back-log.js";
import type { DeliveryHistory } from "../../src/message/envelope.js";
import type { Delivery } from "../../src/transport/transport.js";

const delivery = (id: string, deliveryCount: number, history: DeliveryHistory = {}): Delivery =>
  ({ envelope: { id, history }, deliveryCount }) as Delivery;

describe("the log of what was put back", () => {
  it("remembers what a message cannot carry", () => {
    const log = new PutBackLog();
    log.note("a", { attempts: 1, uncounted: 3 });
    expect(log.historyOf(delivery("a", 4))).toEqual({ attempts: 1, uncounted: 3 });
  });

  it.each([
    ["what a message carries, if that is as much", delivery("a", 4, { attempts: 2, uncounted: 3 })],
    ["nothing of another message", delivery("b", 4)],
    ["nothing of another copy, which has not been delivered as often", delivery("a", 1)],
  ])("says %s", (_, seen) => {
    const log = new PutBackLog();
    log.note("a", { attempts: 1, uncounted: 3 });
    expect(log.historyOf(seen)).toBe(seen.envelope.history);
  });

  it("forgets what is done, and of very many the oldest", () => {
    const log = new PutBackLog();
    log.note("done", { uncounted: 1 });
    log.forget("done");
    for (let n = 0; n <= 10_000; n += 1) log.note(String(n), { uncounted: 1 });
    for (const gone of ["done", "0"]) expect(log.historyOf(delivery(gone, 2))).toEqual({});
    expect(log.historyOf(delivery("1", 2))).toEqual({ uncounted: 1 });
  });
});
