import { deadLetter, fixed, park, service, type Context } from "waybill";
import { queues, streams, workerName, type Does } from "../contracts.js";
import type { Told } from "../wire.js";
import type { Ask } from "./calls.js";
import type { Mortal } from "./mortal.js";

interface Order {
  readonly id: string;
  readonly data: { readonly n: number; readonly does: Does };
}

type Ctx = Context<object, "bills" | "mails">;

/** The service that dies. Its effect lives in the ledger of the parent. */
export function workerService(kind: "queues" | "streams", idempotent: boolean, ask: Ask, mortal: Mortal) {
  const work = async (
    channels: typeof queues | typeof streams,
    { id, data }: Order,
    ctx: Ctx,
  ): Promise<"done" | "givenUp"> => {
    const { attempt, idempotency } = ctx;
    const { recovered, token } = idempotency;
    const told: Told = { id, key: idempotency.downstreamKey("effect"), attempt, recovered, token };
    await ask("ledger", "began", told);
    if (data.does === "giveUp") return "givenUp";
    if (data.does === "retry" && attempt === 1) throw new Error("not at the first attempt");
    mortal.crossed({ step: "effect", when: "before", subject: "", id });
    await ask("ledger", "effect", told);
    mortal.crossed({ step: "effect", when: "after", subject: "", id });
    mortal.sends(id, (await ctx.send(channels.bills.followUp, data)).id);
    mortal.sends(id, (await ctx.send(channels.mails.followUp, data)).id);
    return "done";
  };
  const options = { concurrency: 3, idempotent, retry: { immediate: 0, backoff: fixed("50ms") } };
  return kind === "queues"
    ? service(workerName)
        .sends(queues.bills, queues.mails)
        .consume(
          queues.orders,
          {
            job: async (order, ctx) => {
              const end = await work(queues, order, ctx);
              return end === "givenUp" ? deadLetter("given up") : undefined;
            },
          },
          options,
        )
    : service(workerName)
        .sends(streams.bills, streams.mails)
        .read(
          streams.orders,
          {
            job: async (order, ctx) => {
              const end = await work(streams, order, ctx);
              return end === "givenUp" ? park("given up") : undefined;
            },
          },
          { ...options, checkpoint: { events: 1 } },
        );
}
