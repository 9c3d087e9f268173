/** Something that the day waits for. */
export interface Goal {
  readonly what: string;
  have(): number;
  want(): number;
}

/** Waits for goals. It looks when something happened, never by the clock. */
export interface Progress {
  /** Something happened: time to look. */
  noted(): void;
  /**
   * Resolves when every goal is reached.
   * @throws {Stalled} if nothing happens any more before they are.
   */
  until(...goals: readonly Goal[]): Promise<void>;
}

/** The services have fallen silent, and the day is not done. */
export class Stalled extends Error {}

/** Opens a progress that gives up after `stallMs` milliseconds in which nothing happened. */
export function openProgress(stallMs: number): Progress {
  let look = (): void => undefined;
  return {
    noted: () => look(),
    until: (...goals) =>
      new Promise((resolve, reject) => {
        const limit = setTimeout(() => end(() => reject(stalled(goals, stallMs))), stallMs);
        const end = (settle: () => void): void => {
          clearTimeout(limit);
          look = () => undefined;
          settle();
        };
        look = () => {
          if (goals.every((goal) => goal.have() >= goal.want())) end(resolve);
          else limit.refresh();
        };
        look();
      }),
  };
}

function stalled(goals: readonly Goal[], stallMs: number): Stalled {
  const missing = goals
    .filter((goal) => goal.have() < goal.want())
    .map((goal) => `${goal.what}: ${goal.have()} of ${goal.want()}`);
  return new Stalled(`nothing has happened for ${stallMs / 1000} s; still missing: ${missing.join(", ")}`);
}
