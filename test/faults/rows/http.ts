import { BlobServiceClient } from "@azure/storage-blob";
import { blobCheckpoints, blobPark } from "waybill/blob";
import { startTimedAzurite } from "../../crash/world/timed-azurite.js";
import { sharedAzurite } from "../azurites.js";
import { eventHubsPlace, storagePlace, type AmqpPlace, type StoragePlace } from "../places.js";
import { startHttpProxy, type HttpFate, type HttpProxy, type Passing } from "../proxy/http-proxy.js";
import type { Row } from "../row.js";
import type { Place, Stage, StageOptions } from "../stage.js";
import { rowOf, type Act } from "../staged.js";
import { pause, until } from "../until.js";
import { through } from "../worlds.js";

export interface HttpScript extends StageOptions {
  readonly f: number;
  readonly injected: string;
  readonly holds: readonly string[];
  /** Which requests it strikes, and how. */
  readonly decide: (passing: Passing, hits: number, stage: Stage) => HttpFate | undefined;
  /** How often it strikes before it is removed. */
  readonly times: number;
  /** Milliseconds that it stays after that. Default 0. */
  readonly staysMs?: number;
  /** Whether it stays until the worker says that it gets nothing (I11). Default false. */
  readonly untilHeard?: boolean;
}

export const strikingRequests =
  ({
    decide,
    times,
    staysMs = 0,
    untilHeard = false,
  }: HttpScript): Act<Place & { readonly http: HttpProxy }> =>
  async (stage, { http }) => {
    let hits = 0;
    const fault = http.add((passing) => {
      const fate = hits < times || staysMs > 0 || untilHeard ? decide(passing, hits, stage) : undefined;
      if (fate !== undefined) hits += 1;
      return fate;
    });
    await until("requests to be struck", () => hits >= times);
    if (untilHeard) await stage.heard();
    await pause(staysMs);
    fault.remove();
    await stage.progress();
    return fault.hits;
  };

/** Storage Queues behind a proxy that reads requests, in an Azurite of its own if time is to pass. */
function onStorageHttp(script: HttpScript & { readonly thenMs?: number }): Row {
  const { thenMs } = script;
  const open = async (seed: number): Promise<StoragePlace & { readonly http: HttpProxy }> => {
    const timed = thenMs === undefined ? undefined : await startTimedAzurite();
    const azurite = timed ?? (await sharedAzurite("queue"));
    const http = await startHttpProxy(portOf(azurite.connectionString));
    const place = await storagePlace({ seed, connectionString: azurite.connectionString, port: http.port });
    const { heal, close } = guarded(place, http);
    return {
      ...place,
      http,
      heal: async () => {
        await heal();
        await timed?.advance(thenMs ?? 0);
      },
      close: async () => {
        await close();
        await timed?.close();
      },
    };
  };
  return rowOf("storage-queue", { ...script, act: strikingRequests(script) }, open);
}

const portOf = (connectionString: string): number => Number(/127\.0\.0\.1:(\d+)/.exec(connectionString)?.[1]);

/** Event Hubs whose checkpoints and parked events are blobs, behind a proxy that reads requests. */
function onBlobs(script: HttpScript): Row {
  const open = async (seed: number): Promise<AmqpPlace & { readonly http: HttpProxy }> => {
    const azurite = await sharedAzurite("blob");
    const http = await startHttpProxy(azurite.port);
    const retryOptions = { maxTries: 1, tryTimeoutInMs: 1_000 };
    const connectionString = through(azurite.connectionString, http.port);
    const blobs = BlobServiceClient.fromConnectionString(connectionString, { retryOptions });
    const name = `f${String(script.f)}-${String(http.port)}`;
    const [progress, parked] = [`${name}-progress`, `${name}-parked`].map((each) =>
      blobs.getContainerClient(each),
    );
    if (progress === undefined || parked === undefined) throw new Error("there are two containers");
    await Promise.all([progress.create(), parked.create()]);
    const stores = { checkpoints: blobCheckpoints(progress), park: blobPark(parked) };
    const place = await eventHubsPlace({ seed, stores });
    return { ...place, http, ...guarded(place, http) };
  };
  return rowOf("event-hubs", { ...script, act: strikingRequests(script) }, open);
}

/** What also ends with the place. */
const guarded = (
  place: Pick<AmqpPlace, "heal" | "close">,
  http: HttpProxy,
): Pick<AmqpPlace, "heal" | "close"> => ({
  heal: async () => {
    http.clear();
    await place.heal();
  },
  close: async () => {
    await place.close();
    await http.close();
  },
});

const sends = ({ method, path }: Passing): boolean => method === "POST" && path.includes("/messages");
const settles = ({ method, path }: Passing): boolean =>
  (method === "DELETE" || method === "PUT") && path.includes("/messages/");
const parks = ({ method, path }: Passing): boolean => method === "POST" && path.includes("-poison/messages");
const checkpoints = ({ method, path }: Passing): boolean => method === "PUT" && path.includes("checkpoint");
const ownerships = ({ method, path }: Passing): boolean => method === "PUT" && path.includes("ownership");

const problem = (code: string): string =>
  `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>on purpose</Message></Error>`;
const refusal = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): HttpFate => ({
  answer: status,
  headers: { "x-ms-error-code": code, "content-type": "application/xml", ...headers },
  body: problem(code),
});

/** What no client should take at its word. */
const hints = ["315360000", "-5", "soon", "Fri, 31 Dec 2100 23:59:59 GMT", "1e9", ""];

/** Faults of HTTP, by a proxy that reads requests. */
export const http: readonly Row[] = [
  onStorageHttp({
    ...{
      f: 2,
      injected: "HTTP proxy: messages are stored, the answers are lost",
      holds: ["I1", "I2"],
      times: 4,
    },
    decide: (passing) => (sends(passing) ? "lostAnswer" : undefined),
  }),
  onStorageHttp({
    ...{
      f: 3,
      injected: "HTTP proxy: messages are stored, the answers come after the time limit",
      holds: ["I1", "I2", "I12"],
      times: 4,
    },
    decide: (passing) => (sends(passing) ? { answerLateMs: 1_500 } : undefined),
  }),
  onStorageHttp({
    ...{ f: 17, injected: "HTTP proxy: 503 ServerBusy for a while", holds: ["I1", "I2", "I9"], times: 5 },
    decide: () => refusal(503, "ServerBusy", { "retry-after": "1" }),
  }),
  onStorageHttp({
    ...{
      f: 18,
      injected: "HTTP proxy: Retry-After of ten years, negative, garbage, a date",
      holds: ["I1", "I11"],
      times: 12,
    },
    decide: (passing, hits) =>
      sends(passing)
        ? refusal(503, "ServerBusy", { "retry-after": hints[hits % hints.length] ?? "" })
        : undefined,
  }),
  onStorageHttp({
    ...{
      f: 23,
      injected: "HTTP proxy: messages are removed, the answers are lost",
      holds: ["I1", "I2"],
      times: 4,
    },
    decide: (passing) => (settles(passing) ? "lostAnswer" : undefined),
  }),
  onStorageHttp({
    ...{
      f: 40,
      injected: "HTTP proxy: 404 PopReceiptMismatch to renewals and removals",
      holds: ["I1", "I2"],
      times: 4,
    },
    decide: (passing) => (settles(passing) ? refusal(404, "PopReceiptMismatch") : undefined),
  }),
  onStorageHttp({
    ...{
      f: 63,
      injected: "HTTP proxy: the poison queue takes nothing for a while",
      holds: ["I1", "I16"],
      times: 3,
    },
    gaveUp: ({ n }) => n % 5 === 0,
    decide: (passing) => (parks(passing) ? refusal(503, "ServerBusy") : undefined),
    // For so long the adapter hides what it is about to move.
    thenMs: 60_000,
  }),
  onBlobs({
    ...{
      f: 35,
      injected: "HTTP proxy: 412 to claims of partitions, six times",
      holds: ["I1", "I8"],
      times: 6,
    },
    decide: (passing) => (ownerships(passing) ? refusal(412, "ConditionNotMet") : undefined),
  }),
  onBlobs({
    ...{
      f: 36,
      injected: "HTTP proxy: checkpoints are refused (500), or stored and the answer is lost",
      holds: ["I1", "I8"],
      times: 6,
    },
    decide: (passing, hits) =>
      checkpoints(passing) ? (hits % 2 === 0 ? refusal(500, "InternalError") : "lostAnswer") : undefined,
  }),
  onBlobs({
    ...{
      f: 36,
      injected: "HTTP proxy: checkpoints are stored 600 ms late",
      holds: ["I1", "I8", "I12"],
      times: 4,
    },
    decide: (passing) => (checkpoints(passing) ? { answerLateMs: 600 } : undefined),
  }),
  onBlobs({
    ...{
      f: 37,
      injected: "HTTP proxy: the checkpoint store answers nothing for 2 s",
      holds: ["I1", "I8"],
      times: 2,
      staysMs: 2_000,
    },
    decide: () => refusal(503, "ServerBusy"),
  }),
];
