import type { BrokerError } from "./broker-error.js";
import type { Delivery } from "./delivery.js";
import type { Lane } from "./lane.js";
import type { ListNode } from "./linked-list.js";

/** `peekLock` hides a message until it is settled; `receiveAndDelete` removes it as it is handed over. */
export type ReceiveMode = "peekLock" | "receiveAndDelete";

/** The state of one attached receiver. While it waits for messages it is the node of its lane's waiting list. */
export interface Attachment extends ListNode<Attachment> {
  readonly lane: Lane;
  readonly mode: ReceiveMode;
  readonly deliver: ((delivery: Delivery) => void) | undefined;
  readonly onDetach: ((error: BrokerError) => void) | undefined;
  /** The one-shot wake-up of a receiver that pulls. */
  wake: (() => void) | undefined;
  /** How many more messages may be pushed. */
  credit: number;
  waiting: boolean;
  closed: boolean;
}
