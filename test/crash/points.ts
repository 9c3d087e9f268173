import type { PortName } from "waybill/store";
import type { Does } from "./contracts.js";

export type TransportName = "service-bus" | "event-hubs" | "storage-queue";

/** A step of the process that is to die. */
export interface Crossing {
  /** A port of the runtime; `effect` is the handler's own, `copy` is the copy that a dead letter becomes. */
  readonly step: PortName | "effect" | "copy";
  readonly when: "before" | "after";
  readonly subject: string;
  readonly id: string;
  /** After it: what it answered. */
  readonly answer?: unknown;
}

/** The message at which the process dies, as the process knows it. */
export interface Victim {
  readonly id: string;
  /** Ids of what its handler sends. */
  readonly followUps: ReadonlySet<string>;
  /** Its settlement has begun. */
  readonly settling: boolean;
  readonly settled: boolean;
}

/** Where a process dies. */
export interface Point {
  readonly name: string;
  readonly on: readonly TransportName[];
  readonly does: Does;
  readonly at: (crossing: Crossing, victim: Victim) => boolean;
}

const all = ["service-bus", "event-hubs", "storage-queue"] as const;

/** Every point, in the order in which a process comes to them. */
export const points: readonly Point[] = [
  {
    name: "after receive",
    on: all,
    does: "work",
    at: ({ step, when, answer }, { id }) =>
      step === "receive" &&
      when === "after" &&
      Array.isArray(answer) &&
      answer.some((each) => isOf(each, id)),
  },
  { name: "after claim", on: all, does: "work", at: ofStore("claim") },
  { name: "mid-handler", on: all, does: "work", at: ofEffect("before") },
  { name: "after the effect", on: all, does: "work", at: ofEffect("after") },
  { name: "between two sends", on: all, does: "work", at: ofSend("bills") },
  { name: "after the last send", on: all, does: "work", at: ofSend("mails") },
  { name: "after complete of the claim", on: all, does: "work", at: ofStore("complete") },
  {
    name: "after settle",
    on: all,
    does: "work",
    at: ({ step, when, id }, victim) => step === "settle" && when === "after" && id === victim.id,
  },
  {
    name: "retry copy accepted",
    on: ["service-bus"],
    does: "retry",
    at: ({ step, when, subject, id }, victim) =>
      step === "send" && when === "after" && subject === "orders" && id === victim.id,
  },
  {
    name: "put back for a retry",
    on: ["storage-queue"],
    does: "retry",
    at: ({ step, when, id }, victim) => step === "settle" && when === "after" && id === victim.id,
  },
  {
    name: "before dead-lettering",
    on: all,
    does: "giveUp",
    at: ({ step, when, id }, victim) => step === "settle" && when === "before" && id === victim.id,
  },
  {
    name: "dead-letter copy accepted",
    on: ["event-hubs", "storage-queue"],
    does: "giveUp",
    // What the process before left is given up once more: that is not the point.
    at: ({ step, when }, { settling }) => step === "copy" && when === "after" && settling,
  },
  {
    name: "dead-lettered",
    on: ["service-bus", "storage-queue"],
    does: "giveUp",
    at: ({ step, when, id }, victim) => step === "settle" && when === "after" && id === victim.id,
  },
  { name: "before a checkpoint", on: ["event-hubs"], does: "work", at: ofCheckpoint("before") },
  { name: "after a checkpoint", on: ["event-hubs"], does: "work", at: ofCheckpoint("after") },
];

function isOf(delivery: unknown, id: string): boolean {
  return (delivery as { readonly envelope?: { readonly id?: unknown } } | undefined)?.envelope?.id === id;
}

function ofStore(call: string): Point["at"] {
  return ({ step, when, id }, victim) =>
    step === "store" && when === "after" && id.startsWith(`${call} `) && id.includes(victim.id);
}

function ofEffect(when: Crossing["when"]): Point["at"] {
  return (crossing, { id }) => crossing.step === "effect" && crossing.when === when && crossing.id === id;
}

function ofSend(address: string): Point["at"] {
  return ({ step, when, subject, id }, { followUps }) =>
    step === "send" && when === "after" && subject === address && followUps.has(id);
}

function ofCheckpoint(when: Crossing["when"]): Point["at"] {
  return (crossing, { settled }) => crossing.step === "checkpoint" && crossing.when === when && settled;
}
