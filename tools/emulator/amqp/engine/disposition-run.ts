import type { ServerConnection } from "./connection.js";
import type { DeliveryState } from "./engine.js";
import { dispositionFrame } from "./frames.js";
import { serialAdd } from "./serial.js";

/** Gathers outcomes of neighbouring deliveries into one disposition. */
export class DispositionRun {
  private first = 0;
  private last = 0;
  private state: DeliveryState | undefined;
  private empty = true;

  constructor(
    private readonly connection: ServerConnection,
    private readonly channel: number,
    private readonly weReceive: boolean,
  ) {}

  add(id: number, state: DeliveryState | undefined): void {
    if (!this.empty && id === serialAdd(this.last, 1) && sameOutcome(state, this.state)) {
      this.last = id;
      return;
    }
    this.write();
    this.first = this.last = id;
    this.state = state;
    this.empty = false;
  }

  write(): void {
    if (this.empty) return;
    this.empty = true;
    const { first, last, state, weReceive, channel } = this;
    this.connection.write(
      "disposition",
      channel,
      dispositionFrame(channel, { weReceive, first, last, state }),
    );
  }
}

function sameOutcome(a: DeliveryState | undefined, b: DeliveryState | undefined): boolean {
  if (a === b) return true;
  return a?.type === b?.type && (a?.type === "accepted" || a?.type === "released");
}
