import type { ChannelKind } from "../../contracts/channel.js";
import type { Transport } from "../../transport/transport.js";
import type { Token } from "./behaviour.js";
import { check, refused, same, typed } from "./check.js";
import type { ConduitOptions } from "./conduit.js";
import { accepted, type Kit } from "./kit.js";

/**
 * The negative twin of a capability that an adapter does not declare: what it does not have is refused with a typed
 * error or degrades to something that loses nothing; never a silent no-op.
 */
export async function twinOf(missing: Token, kit: Kit): Promise<void> {
  switch (missing) {
    case "cancelSchedule":
      return cannotCancel(kit);
    case "sessionState":
      return hasNoSessionState(kit);
    case "claimCheck":
      return refusesWhatIsTooLarge(kit);
    case "durable":
      return pretendsNoDurability(kit);
    case "credentials":
      return keepsToItsRights(kit);
    default: {
      const [place = "", feature] = missing.split(":");
      const kind = kindOfFeature[place];
      if (kind !== undefined && feature !== undefined) return featureTwin(kit, feature);
      return refusedBeforeIo(kit, feature);
    }
  }
}

const kindOfFeature: Readonly<Record<string, ChannelKind>> = {
  queue: "queue",
  topic: "topic",
  stream: "stream",
  notifications: "notifications",
};

/** A service whose channel needs what the transport lacks does not start, and nothing is opened. */
async function refusedBeforeIo(kit: Kit, feature: string | undefined): Promise<void> {
  const options: ConduitOptions =
    feature === "sessions"
      ? { ordered: true }
      : feature === "scheduling"
        ? { scheduled: true }
        : feature === "dedup"
          ? { dedupWindow: "1m" }
          : {};
  let connects = 0;
  const inner = kit.world.transport();
  const transport: Transport = {
    ...inner,
    connect: (context) => {
      connects += 1;
      return inner.connect(context);
    },
  };
  const conduit = kit.conduit(options);
  await refused(
    () => kit.work({ reads: conduit, sends: [conduit] }, transport),
    { codes: ["unsupported"] },
    `a ${kit.kind} that needs what ${inner.name} has not`,
  );
  same(connects, 0, "connections that were opened before the refusal");
}

async function featureTwin(kit: Kit, feature: string): Promise<void> {
  const conduit = kit.conduit();
  const line = await kit.connect([conduit], [conduit]);
  const reader = line.reader(conduit);
  accepted(await line.send(conduit, kit.envelope(1)));
  const delivery = await reader.one();
  switch (feature) {
    case "renew":
      typed(await reader.renew(delivery), { codes: ["unsupported"] }, "a renewal");
      break;
    case "defer":
      typed(await reader.settle(delivery, { kind: "defer" }), { codes: ["unsupported"] }, "a deferral");
      same(reader.receiver.receiveDeferred, undefined, "a way to fetch deferred messages");
      break;
    case "deadLetter":
      typed(await reader.deadLetter(delivery), { codes: ["unsupported"] }, "dead-lettering");
      break;
    case "deliveryCount":
      same(delivery.deliveryCount, 1, "a delivery count that nobody counts");
      break;
    default:
      await reader.complete(delivery);
      return retriesLoseNothing(kit);
  }
  same(await reader.complete(delivery), undefined, "completing the delivery after the refusal");
}

/** A delay that the receiver cannot give is given another way. */
async function retriesLoseNothing(kit: Kit): Promise<void> {
  const conduit = kit.conduit();
  const attempts: number[] = [];
  const worker = await kit.work({
    reads: conduit,
    sends: [conduit],
    handler: (_message, context) => {
      attempts.push(context.attempt);
      if (attempts.length === 1) throw new Error("not yet");
    },
    options: { retry: { backoff: () => 1_000 } },
  });
  await worker.send(conduit, { n: 1 });
  await kit.time.until(() => attempts.length === 2, "a failed message is handled again");
}

async function cannotCancel(kit: Kit): Promise<void> {
  const conduit = kit.conduit();
  const worker = await kit.sender(conduit);
  await refused(
    () => worker.app.cancel(conduit.channel, { id: "x", scheduleToken: "1" }),
    { codes: ["unsupported"] },
    "cancelling a scheduled message",
  );
}

async function hasNoSessionState(kit: Kit): Promise<void> {
  const conduit = kit.conduit();
  const line = await kit.connect([conduit], [conduit]);
  const { receiver } = line.reader(conduit);
  same([receiver.sessionState, receiver.setSessionState], [undefined, undefined], "half a session state");
}

/** Data that fits into no message is refused before it is sent, and the refusal says what would help. */
async function refusesWhatIsTooLarge(kit: Kit): Promise<void> {
  const conduit = kit.conduit();
  const sender = await kit.sender(conduit);
  const line = await kit.connect([conduit], [conduit]);
  const text = "x".repeat(kit.capabilities.maxMessageBytes + 1);
  const { message } = await refused(
    () => sender.send(conduit, { n: 1, text }),
    { codes: ["tooLarge"] },
    "data that is too large",
  );
  check(message.includes("claimCheck"), "the refusal names the option that would help");
  same(await line.reader(conduit).take(10, 500), [], "what the refused send left behind");
}

/** What does not outlive its broker does not come back in part either, and its old connection says so. */
async function pretendsNoDurability(kit: Kit): Promise<void> {
  const conduit = kit.conduit();
  const line = await kit.connect([conduit], [conduit]);
  const sender = line.connection.sender({ channel: conduit.spec, address: conduit.name });
  await line.close();
  const [result] = await sender.send([{ envelope: kit.envelope(1) }]);
  check(result?.ok === false, "a send over what is gone is refused");
  typed(result.error, { codes: ["closed", "transportFailed"] }, "a send over what is gone");
  same(kit.world.restart, undefined, "a broker that can be restarted");
  const again = await kit.connect([conduit], [conduit]);
  same(await again.reader(conduit).take(10, 500), [], "what the refused send left behind");
}

/** Without credentials to restrict, the service itself sends nowhere that it did not declare. */
async function keepsToItsRights(kit: Kit): Promise<void> {
  const [mine, other] = [kit.conduit(), kit.conduit()];
  const worker = await kit.sender(mine);
  const line = await kit.connect([other], [other]);
  await refused(
    () => worker.send(other, { n: 1 }),
    { codes: ["undeclaredChannel"] },
    "a send without the right to it",
  );
  same(await line.reader(other).take(10, 500), [], "what the refused send left behind");
  same(kit.world.credentials, undefined, "credentials that can be restricted");
}
