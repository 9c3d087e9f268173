import type { AmqpPlace } from "../places.js";
import type { Row } from "../row.js";
import { onHub, onQueue, onSessions, overAmqp, type Act } from "../staged.js";
import { pause, until } from "../until.js";
import { addressOf, connectionsOf, toFrames } from "./frames.js";

/** The links of the channel; of a hub, those of its partitions are under addresses of their own. */
const everyLink = (place: AmqpPlace, role?: "sender" | "receiver"): readonly string[] => [
  ...new Set(
    place.emulator
      .recorded({ type: "attached" })
      .flatMap((event) => ("role" in event && (role ?? event.role) === event.role ? [event.address] : []))
      .filter((address) => address.startsWith(addressOf(place)) && !address.endsWith("$management")),
  ),
];

/** Ends links with a condition, several times while messages flow. */
const detaching =
  (
    condition: string,
    { role, rounds = 3 }: { readonly role?: "sender" | "receiver"; readonly rounds?: number } = {},
  ): Act<AmqpPlace> =>
  async (stage, place) => {
    let struck = 0;
    for (let round = 0; round < rounds; round += 1) {
      for (const address of everyLink(place, role))
        struck += place.emulator.faults.detach(
          { address, ...(role === undefined ? {} : { role }) },
          { condition, description: "on purpose" },
        );
      await stage.progress();
    }
    return struck;
  };

/** Refuses links, after ending those that there are, for a while. */
const refusing =
  (condition: string, role?: "sender" | "receiver"): Act<AmqpPlace> =>
  async (stage, place) => {
    const { faults } = place.emulator;
    const error = { condition, description: "on purpose" };
    const roles = role === undefined ? {} : { role };
    const addresses = everyLink(place, role);
    const refusals = addresses.map((address) => faults.refuse({ address, ...roles }, error));
    for (const address of addresses) faults.detach({ address, ...roles }, error);
    const hits = (): number => refusals.reduce((sum, refusal) => sum + refusal.hits, 0);
    await until("a link to be refused", () => hits() >= 2);
    await stage.heard();
    for (const refusal of refusals) refusal.remove();
    await stage.progress();
    return hits();
  };

/** Cuts off the worker; the shop goes on to send, so that something waits. */
const cutWorker = (_stage: unknown, place: AmqpPlace): void => {
  const mine = connectionsOf(place, "receiver");
  place.emulator.faults.cut(({ id }) => mine.has(id));
};

/** Faults of links, sessions and connections, by the emulator. */
export const links: readonly Row[] = [
  ...overAmqp({
    ...{
      f: 11,
      injected: "emulator: every link is detached (detach-forced), three times",
      holds: ["I1", "I2", "I11"],
    },
    act: detaching("amqp:link:detach-forced"),
  }),
  ...overAmqp({
    ...{
      f: 12,
      injected: "emulator: connections are closed (connection:forced), three times",
      holds: ["I1", "I2", "I11"],
    },
    act: async (stage, { emulator }) => {
      let struck = 0;
      for (let round = 0; round < 3; round += 1) {
        struck += emulator.faults.close({ condition: "amqp:connection:forced", description: "an update" });
        await stage.progress();
      }
      return struck;
    },
  }),
  ...overAmqp({
    ...{ f: 13, injected: "emulator: each detach comes twice", holds: ["I1", "I2"] },
    act: toFrames({
      select: { kind: "detach", direction: "out" },
      deed: "duplicate",
      times: 2,
      provoke: (_stage, place) => {
        for (const address of everyLink(place))
          place.emulator.faults.detach({ address }, { condition: "amqp:link:detach-forced" });
      },
    }),
  }),
  ...overAmqp({
    ...{
      f: 14,
      injected: "emulator: the worker is cut off, and opens of new connections are not heard",
      holds: ["I1", "I11", "I12"],
    },
    act: toFrames({
      select: { kind: "open", direction: "in" },
      deed: "drop",
      times: 2,
      untilHeard: true,
      provoke: cutWorker,
      cutAfter: true,
    }),
  }),
  ...overAmqp({
    ...{
      f: 17,
      injected: "emulator: links are refused (server-busy) for a while",
      holds: ["I1", "I2", "I11"],
    },
    act: refusing("com.microsoft:server-busy"),
  }),
  onSessions({
    ...{
      f: 31,
      injected: "emulator: sessions are taken away (session-lock-lost) while handlers work",
      holds: ["I1", "I2", "I6"],
    },
    work: () => pause(60),
    act: detaching("com.microsoft:session-lock-lost", { role: "receiver" }),
  }),
  onSessions({
    ...{
      f: 32,
      injected: "emulator: the worker is cut off, and wishes for a session are not heard",
      holds: ["I1", "I6", "I11", "I12"],
    },
    act: toFrames({
      select: { kind: "attach", direction: "in" },
      address: addressOf,
      deed: "drop",
      times: 2,
      untilHeard: true,
      provoke: cutWorker,
      cutAfter: true,
    }),
  }),
  onHub({
    ...{
      f: 34,
      injected: "emulator: partitions are taken away (link:stolen), three times",
      holds: ["I1", "I2", "I8"],
    },
    act: detaching("amqp:link:stolen", { role: "receiver" }),
  }),
  onQueue({
    ...{ f: 71, injected: "emulator: the entity is disabled for a while", holds: ["I1", "I2", "I11"] },
    act: refusing("com.microsoft:entity-disabled"),
  }),
  onSessions({
    ...{ f: 71, injected: "emulator: the entity is not there for a while", holds: ["I1", "I2", "I6", "I11"] },
    act: refusing("amqp:not-found"),
  }),
  onHub({
    ...{ f: 71, injected: "emulator: the hub is not there for a while", holds: ["I1", "I2", "I8", "I11"] },
    act: refusing("amqp:not-found"),
  }),
];
