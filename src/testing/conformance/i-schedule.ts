import { behavioursOf, brokeredKinds, type Behaviour } from "./behaviour.js";
import { check, present, same } from "./check.js";
import { accepted } from "./kit.js";
import { numbersOf } from "./reader.js";

const { core, transport } = behavioursOf("I");
const scheduling = { kinds: brokeredKinds, gates: ["scheduling"] } as const;

export const scheduled: readonly Behaviour[] = [
  transport(92, "scheduled-not-before-due", scheduling, async (kit) => {
    const conduit = kit.conduit({ scheduled: true });
    const line = await kit.connect([conduit], [conduit]);
    const dueMs = kit.time.runtime.now() + 5_000;
    accepted(
      await line.sendAll(conduit, [{ envelope: kit.envelope(1), dueMs }, { envelope: kit.envelope(2) }]),
    );
    const reader = line.reader(conduit);
    same(numbersOf(await reader.take(10, 1_000)), [2], "what comes at once");
    same(await reader.take(10, dueMs - kit.time.runtime.now() - 500), [], "what comes before its time");
    same(numbersOf([await reader.one(10_000)]), [1], "what comes when it is due");
    check(kit.time.runtime.now() >= dueMs, "a scheduled message does not come early");
  }),

  core(93, "due-in-past-delivers-now", scheduling, async (kit) => {
    const conduit = kit.conduit({ scheduled: true });
    const line = await kit.connect([conduit], [conduit]);
    const sender = await kit.sender(conduit);
    const at = new Date(kit.time.runtime.now() - 60_000);
    await sender.send(conduit, { n: 1 }, { at });
    accepted(await line.sendAll(conduit, [{ envelope: kit.envelope(2), dueMs: at.getTime() }]));
    same(
      numbersOf(await line.reader(conduit).drain(2, 3_000)).toSorted(),
      [1, 2],
      "what was due in the past",
    );
  }),

  core(
    94,
    "cancel-scheduled",
    { kinds: brokeredKinds, gates: ["scheduling", "cancelSchedule"] },
    async (kit) => {
      const conduit = kit.conduit({ scheduled: true });
      const line = await kit.connect([conduit], [conduit]);
      const sender = await kit.sender(conduit);
      const kept = await sender.send(conduit, { n: 1 }, { delay: "5s" });
      const gone = await sender.send(conduit, { n: 2 }, { delay: "5s" });
      const cancel = (sent: object) =>
        kit.time.finish(sender.app.cancel(conduit.channel, sent as typeof kept));
      same([await cancel(gone), await cancel(gone)], [true, false], "cancelling once, and once more");
      same(numbersOf(await line.reader(conduit).drain(2, 7_000)), [1], "what was not cancelled");
      same(await cancel(kept), false, "cancelling what was delivered");
    },
  ),

  transport(
    95,
    "scheduled-survives-restart",
    { kinds: brokeredKinds, gates: ["scheduling", "durable"], stopsBroker: true },
    async (kit) => {
      const conduit = kit.conduit({ scheduled: true });
      const restart = present(kit.world.restart, "the harness can restart the broker");
      const line = await kit.connect([conduit], [conduit]);
      const dueMs = kit.time.runtime.now() + 10_000;
      accepted(await line.sendAll(conduit, [{ envelope: kit.envelope(1), dueMs }]));
      await restart.call(kit.world);
      const again = await kit.connect([conduit], [conduit]);
      same(
        numbersOf(await again.reader(conduit).drain(1, 30_000)),
        [1],
        "what was scheduled before the restart",
      );
    },
  ),

  transport(96, "ttl-expired-not-delivered", { kinds: brokeredKinds }, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    const ttls = [2_000, 8_000] as const;
    accepted(await line.send(conduit, ...ttls.map((ttlMs, n) => kit.envelope(n, { ttlMs }))));
    await kit.time.pass(5_000);
    same(numbersOf(await line.reader(conduit).drain(2, 1_000)), [1], "what has not expired yet");
  }),

  transport(
    97,
    "expired → DLQ(expired) when configured, never silent",
    { kinds: brokeredKinds, gates: ["deadLetter"] },
    async (kit) => {
      const conduit = kit.conduit();
      const line = await kit.connect([conduit], [conduit]);
      accepted(await line.send(conduit, kit.envelope(1, { ttlMs: 1_000 })));
      await kit.time.pass(3_000);
      same(await line.reader(conduit).take(10, 500), [], "what is delivered of the expired");
      const letters = await line.deadLetters(conduit);
      same(
        letters.map(({ envelope, record }) => [envelope.id, record.reason]),
        [[kit.envelope(1).id, "BrokerExpired"]],
        "the dead letter of an expired message",
      );
    },
  ),
];
