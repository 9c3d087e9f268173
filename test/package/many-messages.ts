/** The source of a service with `count` messages over ten queues, and a handler for each. */
export function manyMessages(count: number): string {
  const each = (line: (n: number) => string): string =>
    Array.from({ length: count }, (_, n) => line(n)).join("\n");
  const queues = Array.from({ length: 10 }, (_, q) => ({
    q,
    members: Array.from({ length: count / 10 }, (_unused, n) => q * (count / 10) + n),
  }));
  return `
import * as z from "zod";
import { service } from "waybill";
import { command, queue } from "waybill/contracts";

${each(
  (n) => `export const Message${n} = command("load.area${n % 10}.message-${n}", {
  version: 1,
  schema: z.object({ id: z.string(), n${n}: z.number(), tags: z.array(z.string()), at: z.object({ city: z.string() }) }),
  key: (data) => data.id,
});`,
)}

${queues
  .map(
    ({ q, members }) => `export const queue${q} = queue("load-${q}", { messages: {
  ${members.map((n) => `m${n}: Message${n}`).join(", ")} } });`,
  )
  .join("\n")}

export const loadService = service("load")
  .needs<{ readonly seen: string[] }>()
  .sends(${queues.map(({ q }) => `queue${q}`).join(", ")})
${queues
  .map(
    ({ q, members }) => `  .consume(queue${q}, {
${members
  .map(
    (n) => `    m${n}: async (msg, ctx) => {
      ctx.deps.seen.push(msg.data.id, msg.data.at.city);
      if (msg.data.n${n} > 0) await ctx.send(queue${q}.m${n}, { id: "a", n${n}: 0, tags: [], at: { city: "x" } });
    },`,
  )
  .join("\n")}
  })`,
  )
  .join("\n")};
`;
}
