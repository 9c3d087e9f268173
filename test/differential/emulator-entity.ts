import { receiveSource } from "../../adapters/memory/broker/entities.js";
import type { MessageStore } from "../../adapters/memory/broker/store.js";
import type { Session } from "../../adapters/memory/broker/session.js";
import type { Emulator } from "../../tools/emulator/emulator.js";
import type { Setting } from "./commands.js";

/** A look into the emulator, at what its clients have asked for and got. */
export class EmulatorEntity {
  readonly #emulator: Emulator;
  readonly #path: string;
  readonly #setting: Setting;

  constructor(emulator: Emulator, path: string, setting: Setting) {
    this.#emulator = emulator;
    this.#path = path;
    this.#setting = setting;
  }

  /** Whether a receive that waits and has got so many deliveries will get no more: all that was sent has come. */
  exhausted(got: number): boolean {
    return (
      this.#delivered === got && (this.#setting.sessions ? this.#sessionsAre(drained) : this.#isDrained())
    );
  }

  /** Whether no client is owed anything, nor about to give something back. */
  atRest(): boolean {
    return this.#store((store) =>
      this.#setting.sessions
        ? heldSessions(store).every(({ lane }) => lane.locked.head !== undefined)
        : [...store.receivers].every(({ credit }) => credit === 0),
    );
  }

  forgetDelivered(): void {
    this.#emulator.recorder.clear();
  }

  describe(): string {
    return this.#store((store) =>
      JSON.stringify({
        delivered: this.#delivered,
        credits: [...store.receivers].map(({ credit }) => credit),
        ready: store.main.readyCount,
        sessions: [...store.sessions.values()].map(({ id, holder, lane }) => [
          id,
          holder?.credit,
          lane.readyCount,
          lockedIn(lane),
        ]),
        offered: store.offered.head?.id,
        asked: store.sessionRequests.head !== undefined,
      }),
    );
  }

  get #delivered(): number {
    return this.#emulator.recorded({ type: "delivered", address: this.#path }).length;
  }

  #isDrained(): boolean {
    return this.#store(
      ({ receivers, main }) => main.readyCount === 0 && [...receivers].some(({ credit }) => credit > 0),
    );
  }

  #sessionsAre(drained: (session: Session, perLane: number) => boolean): boolean {
    const { lanes, perLane } = this.#setting;
    return this.#store((store) => {
      const held = heldSessions(store);
      if (!held.every((session) => drained(session, perLane))) return false;
      return (
        held.length >= lanes || (store.offered.head === undefined && store.sessionRequests.head !== undefined)
      );
    });
  }

  #store<T>(read: (store: MessageStore) => T): T {
    return this.#emulator
      .namespace()
      .inspect(({ kernel }) => read(receiveSource(kernel.entities, this.#path)));
  }
}

const heldSessions = (store: MessageStore): readonly Session[] =>
  [...store.sessions.values()].filter(({ holder }) => holder !== undefined);

/** Its client has as many as it may, or waits for more, which are not there. */
const drained = ({ lane, holder }: Session, perLane: number): boolean =>
  lockedIn(lane) >= perLane || (lane.readyCount === 0 && (holder?.credit ?? 0) > 0);

function lockedIn({ locked }: Session["lane"]): number {
  let count = 0;
  for (let each = locked.head; each !== undefined; each = each.next) count += 1;
  return count;
}
