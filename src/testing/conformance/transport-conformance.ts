import { requiredTokens } from "../required.js";
import { behaviours, notYet } from "./behaviours.js";
import type { Behaviour, NotYet, Section } from "./behaviour.js";
import { ConformanceFailure } from "./check.js";
import type { ConformanceAdapter } from "./harness.js";
import { Kit } from "./kit.js";
import { declaredTokens, tokensOf } from "./tokens.js";
import { twinOf } from "./twins.js";

/** What a behaviour came to: shown, or declared unsupported with its negative twin shown. */
export type CaseOutcome = "pass" | "unsupported";

/** One behaviour, to be tried by any test runner: `run` rejects if the adapter does not show it. */
export interface ConformanceCase {
  readonly number: number;
  readonly name: string;
  readonly section: Section;
  readonly tests: "transport" | "core" | "store";
  /** For a test runner: `13 send-receive-roundtrip`. */
  readonly title: string;
  /** It stops the broker: try nothing else on it meanwhile. */
  readonly stopsBroker: boolean;
  /** @throws {ConformanceFailure} saying what is otherwise than it should be. */
  run(): Promise<CaseOutcome>;
}

/** Behaviours that enter the kit with the feature that they test. */
export const notYetBehaviours: readonly NotYet[] = notYet;

/**
 * The behaviours that every adapter must show, for one adapter. There is no skip: what the adapter does not declare is
 * tried as its negative twin, and declaring less than {@link requiredTokens} says is a failure.
 */
export const transportConformance = (adapter: ConformanceAdapter): readonly ConformanceCase[] =>
  behaviours.map((behaviour) => ({
    number: behaviour.number,
    name: behaviour.name,
    section: behaviour.section,
    tests: behaviour.tests,
    title: `${String(behaviour.number)} ${behaviour.name}`,
    stopsBroker: behaviour.stopsBroker ?? false,
    run: () => tryBehaviour(behaviour, adapter),
  }));

async function tryBehaviour(behaviour: Behaviour, adapter: ConformanceAdapter): Promise<CaseOutcome> {
  const declared = declaredTokens(adapter.capabilities, adapter.extras);
  const required = new Set(requiredTokens[adapter.name]);
  const missingOn = (kind: Behaviour["kinds"][number]) =>
    tokensOf(behaviour, kind).filter((token) => !declared.has(token));
  for (const kind of behaviour.kinds) {
    const owed = missingOn(kind).filter((token) => required.has(token));
    const wanted = tokensOf(behaviour, kind).every((token) => required.has(token));
    if (wanted && owed.length > 0)
      throw new ConformanceFailure(`${adapter.name} must declare ${owed.join(", ")}, and does not`);
  }
  const able = behaviour.kinds.filter((kind) => missingOn(kind).length === 0);
  if (able.length > 0) {
    for (const kind of behaviour.once ? able.slice(0, 1) : able)
      await onKind(adapter, behaviour, kind, behaviour.body);
    return "pass";
  }
  for (const kind of behaviour.kinds) {
    const [missing] = missingOn(kind);
    if (missing !== undefined)
      await onKind(adapter, behaviour, kind, behaviour.twin ?? ((kit) => twinOf(missing, kit)));
  }
  return "unsupported";
}

async function onKind(
  adapter: ConformanceAdapter,
  behaviour: Behaviour,
  kind: Behaviour["kinds"][number],
  body: (kit: Kit) => Promise<void>,
): Promise<void> {
  const { stopsBroker = false } = behaviour;
  const kit = new Kit(kind, adapter, await adapter.open({ stopsBroker }), `b${String(behaviour.number)}`);
  try {
    await body(kit);
  } catch (error) {
    await kit.close().catch(() => undefined);
    throw new ConformanceFailure(
      `${String(behaviour.number)} ${behaviour.name} on a ${kind}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  await kit.close();
}
