import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import * as v from "valibot";
import { fromJsonSchema, type Message } from "waybill/contracts";
import { event } from "waybill/contracts";
import * as z from "zod";

const OrderTypeBox = Type.Object({
  orderId: Type.String({ minLength: 1 }),
  total: Type.Number(),
  lines: Type.Array(Type.Object({ sku: Type.String() })),
});

/** The same contract by each library that promises to fit: `orderId`, `total` and `lines`, in two versions. */
export const orderByLibrary: Readonly<Record<string, Message>> = {
  zod: event("orders.placed", {
    version: 2,
    schema: z.object({
      orderId: z.string().min(1),
      total: z.number(),
      lines: z.array(z.object({ sku: z.string() })),
    }),
    key: (order) => order.orderId,
  }).from(
    event("orders.placed", { version: 1, schema: z.object({ id: z.string(), cents: z.int() }) }),
    (v1) => ({
      orderId: v1.id,
      total: v1.cents / 100,
      lines: [],
    }),
  ),
  valibot: event("orders.placed", {
    version: 2,
    schema: toStandardJsonSchema(
      v.object({
        orderId: v.pipe(v.string(), v.minLength(1)),
        total: v.number(),
        lines: v.array(v.object({ sku: v.string() })),
      }),
    ),
    key: (order) => order.orderId,
  }).from(
    event("orders.placed", {
      version: 1,
      schema: toStandardJsonSchema(v.object({ id: v.string(), cents: v.pipe(v.number(), v.integer()) })),
    }),
    (v1) => ({ orderId: v1.id, total: v1.cents / 100, lines: [] }),
  ),
  arktype: event("orders.placed", {
    version: 2,
    schema: type({ orderId: "string > 0", total: "number", lines: type({ sku: "string" }).array() }),
    key: (order) => order.orderId,
  }).from(
    event("orders.placed", { version: 1, schema: type({ id: "string", cents: "number.integer" }) }),
    (v1) => ({ orderId: v1.id, total: v1.cents / 100, lines: [] }),
  ),
  typebox: event("orders.placed", {
    version: 2,
    schema: fromJsonSchema<Static<typeof OrderTypeBox>>(OrderTypeBox, (value) =>
      Value.Errors(OrderTypeBox, value),
    ),
    key: (order) => order.orderId,
  }).from(
    event("orders.placed", {
      version: 1,
      schema: fromJsonSchema<{ id: string; cents: number }>(
        Type.Object({ id: Type.String(), cents: Type.Integer() }),
        (value) => Value.Check(Type.Object({ id: Type.String(), cents: Type.Integer() }), value),
      ),
    }),
    (v1) => ({ orderId: v1.id, total: v1.cents / 100, lines: [] }),
  ),
};
