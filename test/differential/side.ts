import type { Setting } from "./commands.js";
import type { Party } from "./party.js";

/** One of the two that are compared. */
export interface Side {
  /** Makes the entity of a sequence. */
  begin(name: string, setting: Setting): Promise<Begun>;
}

export interface Begun {
  readonly party: Party;
  end(): Promise<void>;
}
