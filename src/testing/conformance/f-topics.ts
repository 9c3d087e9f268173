import { behavioursOf, fanOutKinds, type Behaviour } from "./behaviour.js";
import { check, same, sameSet } from "./check.js";
import { conduitOf, type Conduit } from "./conduit.js";
import { accepted, type Kit } from "./kit.js";
import { numbersOf, thingOf } from "./reader.js";
import type { Worker } from "./worker.js";

const { core, transport } = behavioursOf("F");

/** A service that notes the numbers that it handles. */
async function noting(
  kit: Kit,
  conduit: Conduit,
  name: string,
  options: object = {},
): Promise<Worker & { seen: number[] }> {
  const seen: number[] = [];
  const worker = await kit.work({
    name,
    reads: conduit,
    handler: ({ data }) => void seen.push(data.n),
    options,
  });
  return { ...worker, seen };
}

export const fanningOut: readonly Behaviour[] = [
  core(62, "each-subscription-gets-every-message", { kinds: fanOutKinds }, async (kit) => {
    const conduit = kit.conduit();
    const [one, two] = [await noting(kit, conduit, "one"), await noting(kit, conduit, "two")];
    const sender = await kit.sender(conduit);
    for (let n = 0; n < 10; n += 1) await sender.send(conduit, { n });
    await kit.time.until(() => one.seen.length >= 10 && two.seen.length >= 10, "both get everything");
    sameSet(one.seen, two.seen, "what both got");
    same(new Set(one.seen).size, 10, "different messages that one got");
  }),

  core(63, "same-group-shares", { kinds: fanOutKinds }, async (kit) => {
    const conduit = kit.conduit();
    const group = [
      await noting(kit, conduit, "one", { as: "both" }),
      await noting(kit, conduit, "two", { as: "both" }),
    ];
    const sender = await kit.sender(conduit);
    for (let n = 0; n < 20; n += 1) await sender.send(conduit, { n });
    await kit.time.until(() => group.flatMap(({ seen }) => seen).length >= 20, "the group gets everything");
    await kit.time.pass(6_000);
    same(group.flatMap(({ seen }) => seen).length, 20, "what the group got in all");
  }),

  core(64, "anonymous-group-is-private", { kinds: fanOutKinds }, async (kit) => {
    const conduit = kit.conduit();
    const named = await noting(kit, conduit, "named");
    const unnamed = await noting(kit, conduit, "named", { as: kit.name("private") });
    const sender = await kit.sender(conduit);
    await sender.send(conduit, { n: 1 });
    await kit.time.until(() => named.seen.length + unnamed.seen.length >= 2, "both get their copy");
    same(
      [named.seen, unnamed.seen],
      [[1], [1]],
      "what a private group gets, and what it takes from the other",
    );
  }),

  core(65, "durable-subscription-retains-while-offline", { kinds: fanOutKinds }, async (kit) => {
    const conduit = kit.conduit();
    const first = await noting(kit, conduit, "reader");
    const sender = await kit.sender(conduit);
    await sender.send(conduit, { n: 1 });
    await kit.time.until(() => first.seen.length === 1, "the first message is handled");
    await first.stop();
    for (const n of [2, 3]) await sender.send(conduit, { n });
    await kit.time.pass(2_000);
    const second = await noting(kit, conduit, "reader");
    await kit.time.until(() => second.seen.length >= 2, "what came meanwhile was kept");
    sameSet(second.seen, [2, 3], "what the second run handled");
  }),

  transport(
    66,
    "publish-with-no-subscribers-resolves (declared: dropped|retained)",
    { kinds: fanOutKinds },
    async (kit) => {
      const conduit = kit.conduit();
      const line = await kit.connect([conduit], []);
      accepted(await line.send(conduit, kit.envelope(1)));
      const later = await kit.connect([conduit], [conduit]);
      const got = numbersOf(await later.reader(conduit).take(10, 1_000));
      same(
        got,
        kit.kind === "stream" ? [1] : [],
        "what who comes later gets: a stream keeps, the others drop",
      );
    },
  ),

  core(67, "multiple-topics-isolated", { kinds: fanOutKinds }, async (kit) => {
    const [first, second] = [kit.conduit(), kit.conduit()];
    const [one, two] = [await noting(kit, first, "one"), await noting(kit, second, "two")];
    const sender = await kit.sender(first, second);
    await sender.send(first, { n: 1 });
    await sender.send(second, { n: 2 });
    await kit.time.until(() => one.seen.length + two.seen.length >= 2, "both are handled");
    same([one.seen, two.seen], [[1], [2]], "what each channel's reader got");
    if (!("queues" in kit.capabilities.needs)) return;
    const name = kit.name("shared");
    const address = (channel: { name: string; kind: string }): string => `${channel.name}-${channel.kind}`;
    const seen: string[] = [];
    for (const kind of ["queue", kit.kind] as const) {
      const conduit = conduitOf(kind, name);
      const worker = await kit.work({
        name: kind,
        reads: conduit,
        sends: [conduit],
        handler: () => void seen.push(kind),
        address,
      });
      await worker.send(conduit, { n: 3 });
    }
    await kit.time.until(() => seen.length >= 2, "a queue and another channel may have one name");
    sameSet(seen, ["queue", kit.kind], "who handled what");
  }),

  core(68, "cancel-one-subscriber-leaves-others", { kinds: fanOutKinds }, async (kit) => {
    const conduit = kit.conduit();
    const [one, two] = [await noting(kit, conduit, "one"), await noting(kit, conduit, "two")];
    const sender = await kit.sender(conduit);
    await one.stop();
    await sender.send(conduit, { n: 1 });
    await kit.time.until(() => two.seen.length === 1, "the other one goes on");
    same(
      [one.seen, two.app.health().state],
      [[], "ready"],
      "the one that ended, and the health of the other",
    );
  }),

  transport(69, "filter/rule-delivers-only-matching", { kinds: ["topic", "notifications"] }, async (kit) => {
    const conduit = kit.conduit();
    const filters = [
      { as: "by-type", filter: { types: ["conformance.other"] } },
      { as: "by-header", filter: { types: undefined, where: { shop: "north" } } },
      { as: "by-both", filter: { types: ["conformance.thing"], where: { shop: "north" } } },
      { as: "all", filter: { types: undefined } },
    ];
    const line = await kit.connect(
      [conduit],
      filters.map((each) => ({ conduit, ...each })),
    );
    const north = { headers: { shop: "north" } };
    accepted(
      await line.send(
        conduit,
        kit.envelope(1, north),
        kit.envelope(2, { headers: { shop: "south" } }),
        kit.envelope(3, { type: "conformance.other" }),
        kit.envelope(4, { type: "conformance.other", ...north }),
      ),
    );
    const got = new Map<string, readonly number[]>();
    for (const { as } of filters)
      got.set(as, numbersOf(await line.reader(conduit, as).drain(4, 1_000)).toSorted());
    same(
      Object.fromEntries(got),
      { "by-type": [3, 4], "by-header": [1, 4], "by-both": [1], all: [1, 2, 3, 4] },
      "what each filter lets through",
    );
  }),

  core(70, "unsubscribe-stops-delivery", { kinds: fanOutKinds }, async (kit) => {
    const conduit = kit.conduit();
    const reader = await noting(kit, conduit, "reader");
    const sender = await kit.sender(conduit);
    await sender.send(conduit, { n: 1 });
    await kit.time.until(() => reader.seen.length === 1, "the first message is handled");
    await reader.stop();
    await sender.send(conduit, { n: 2 });
    await kit.time.pass(6_000);
    same(reader.seen, [1], "what a service handles after it has ended");
  }),

  transport(71, "fan-out-copies-are-isolated", { kinds: fanOutKinds }, async (kit) => {
    const conduit = kit.conduit();
    const as = ["one", "two"];
    const line = await kit.connect(
      [conduit],
      as.map((name) => ({ conduit, as: name })),
    );
    const sent = kit.envelope(1, { headers: { shop: "north" } });
    accepted(await line.send(conduit, sent));
    sent.body.fill(0);
    const first = await line.reader(conduit, "one").one();
    same(thingOf(first).n, 1, "what came after the sender overwrote its bytes");
    first.envelope.body.fill(0);
    const headers = first.envelope.headers as Record<string, string>;
    try {
      headers["shop"] = "south";
    } catch {
      // Frozen is as good as copied.
    }
    const second = await line.reader(conduit, "two").one();
    same(thingOf(second).n, 1, "the other copy's body");
    check(second.envelope.headers["shop"] === "north", "the other copy's headers are its own");
  }),
];
