import { lifeCycle } from "./a-life-cycle.js";
import { sending } from "./b-send.js";
import { settling } from "./c-settle.js";
import { locking } from "./d-locks.js";
import { concurrency } from "./e-concurrency.js";
import { fanningOut } from "./f-topics.js";
import { ordering } from "./g-order.js";
import { streaming } from "./h-streams.js";
import { scheduled } from "./i-schedule.js";
import { burying } from "./j-dead-letter.js";
import { claimChecked } from "./k-claim-check.js";
import { fidelity } from "./k-fidelity.js";
import { recovering } from "./l-errors.js";
import { shuttingDown } from "./m-shutdown.js";
import { faults } from "./n-faults.js";
import { observing } from "./o-observability.js";
import type { Behaviour, NotYet } from "./behaviour.js";

/** The behaviours of adapters, sections A to O, in the order of the catalogue. */
export const behaviours: readonly Behaviour[] = [
  ...lifeCycle,
  ...sending,
  ...settling,
  ...locking,
  ...concurrency,
  ...fanningOut,
  ...ordering,
  ...streaming,
  ...scheduled,
  ...burying,
  ...fidelity,
  ...claimChecked,
  ...recovering,
  ...shuttingDown,
  ...faults,
  ...observing,
];

/** Behaviours that wait for a feature, outside of pass, unsupported and fail. */
export const notYet: readonly NotYet[] = [
  { number: 106, name: "dlq-peek/list/filter/purge", section: "J", waitsFor: "the dead-letter tools" },
  {
    number: 107,
    name: "redrive-to-source-full-retry-budget, redriveCount+1, no duplicate on crash between send & complete",
    section: "J",
    waitsFor: "the dead-letter tools",
  },
  { number: 108, name: "edit-and-redrive", section: "J", waitsFor: "the dead-letter tools" },
  { number: 145, name: "delayed retry → new trace + link", section: "O", waitsFor: "tracing" },
  {
    number: 146,
    name: "settle, dead-letter, retry, renew emit metrics with destination",
    section: "O",
    waitsFor: "metrics",
  },
];
