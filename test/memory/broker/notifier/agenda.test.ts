import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Agenda, DueNode } from "../../../../adapters/memory/broker/notifier/agenda.js";

class Named extends DueNode {
  constructor(
    readonly name: number,
    readonly fired: (name: number) => void,
  ) {
    super();
  }

  override fire(): void {
    this.fired(this.name);
  }
}

const nodeCount = 30;
const change = fc.oneof(
  fc.record({ node: fc.nat(nodeCount - 1), dueMs: fc.nat(60) }),
  fc.record({ node: fc.nat(nodeCount - 1), dueMs: fc.constant(undefined) }),
);

describe("the agenda", () => {
  it("fires what is scheduled in order of time and then of scheduling, after any moves and cancellations", () => {
    const property = fc.property(
      fc.array(change, { maxLength: 120, size: "max" }),
      fc.nat(70),
      (changes, untilMs) => {
        const agenda = new Agenda(0);
        const fired: (readonly [name: number, nowMs: number])[] = [];
        const nodes = Array.from(
          { length: nodeCount },
          (_, name) => new Named(name, () => fired.push([name, agenda.nowMs])),
        );
        // Scheduling again moves a node behind those of the same time, as deleting and setting a map entry does.
        const model = new Map<number, number>();
        for (const { node, dueMs } of changes) {
          const target = nodes[node];
          if (target === undefined) continue;
          model.delete(node);
          if (dueMs === undefined) agenda.cancel(target);
          else {
            agenda.schedule(target, dueMs);
            model.set(node, dueMs);
          }
          expect(agenda.nextDueMs() ?? Infinity).toBe(Math.min(...model.values()));
        }
        agenda.advanceTo(untilMs);
        const expected = [...model].filter(([, dueMs]) => dueMs <= untilMs).sort((a, b) => a[1] - b[1]);
        expect(fired).toEqual(expected);
        expect(agenda.nowMs).toBe(untilMs);
      },
    );
    // A failure prints its seed and path.
    fc.assert(property, { numRuns: 300 });
  });

  it("never moves time back, and runs the work of an instant once after everything of that instant", () => {
    const agenda = new Agenda(100);
    const trace: string[] = [];
    const pumped = { pump: (): void => void trace.push(`pump at ${agenda.nowMs}`) };
    for (const [name, dueMs] of [
      [1, 110],
      [2, 110],
      [3, 120],
    ] as const) {
      const fired = (): void => {
        trace.push(`${name} at ${agenda.nowMs}`);
        agenda.afterInstant(pumped);
      };
      agenda.schedule(new Named(name, fired), dueMs);
    }
    agenda.advanceTo(90);
    expect(agenda.nowMs).toBe(100);
    agenda.advanceTo(200);
    expect(trace).toEqual(["1 at 110", "2 at 110", "pump at 110", "3 at 120", "pump at 120"]);
  });
});
