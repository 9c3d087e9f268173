import { imports, ordering } from "tailwind-contracts";
import { deadLetter, service } from "waybill";
import type { Register } from "../ledgers/register.js";
import { readInvoice } from "./read-invoice.js";

/** Makes orders and cancellations of invoices as filed, and dead letters, with a reason, of what is neither. */
export const intake = service("intake")
  .needs<{ readonly register: Register }>()
  .sends(ordering)
  .consume(
    imports,
    {
      invoice: async (msg, ctx) => {
        const { register } = ctx.deps;
        // What was handled is suppressed by `idempotent`; what was refused is not handled, so it is known here.
        if (register.refusedBefore(msg.id, msg.broker.sequenceNumber)) return;
        // Only a corrected invoice comes from another message: the one that lay in the dead letters.
        const corrected = msg.causationId !== undefined;
        const reading = readInvoice(msg.data);
        switch (reading.kind) {
          case "order":
            await ctx.send(ordering.place, { ...reading.order, corrected });
            register.accept(msg.id);
            return;
          case "cancellation":
            await ctx.send(ordering.cancel, reading.cancellation);
            register.accept(msg.id);
            return;
          case "unusable":
            register.refuse({ id: msg.id, sequenceNumber: msg.broker.sequenceNumber, corrected });
            return deadLetter(`invoice ${msg.data.invoice}: ${reading.why}`);
        }
      },
    },
    // One at a time: wishes of a customer leave in the order of filing, and a copy never meets the first one at work.
    { idempotent: true, concurrency: 1 },
  );
