import { ContainerClient } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blobCheckpoints, blobPark, blobStore } from "../../adapters/blob/index.js";
import { startHttpProxy, type HttpProxy } from "../faults/proxy/http-proxy.js";
import { Containers } from "./containers.js";

let server: HttpProxy;
let containers: Containers;
beforeAll(async () => {
  server = await startHttpProxy(0);
  containers = await Containers.start();
});
afterAll(async () => {
  await server.close();
  await containers.close();
});

/** A container whose service answers every request so. */
function refusing(status: number, code: string): ContainerClient {
  server.clear();
  server.add(() => ({
    answer: status,
    headers: { "content-type": "application/xml", "x-ms-error-code": code },
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>It was refused.</Message></Error>`,
  }));
  const url = `http://127.0.0.1:${String(server.port)}/account/parked`;
  return new ContainerClient(url, undefined, { retryOptions: { maxTries: 1 } });
}

const parked = { id: "1", bytes: Buffer.from("x") };
const place = { namespace: "n", stream: "s", group: "g" };
const claim = { partition: "0", owner: "a", etag: "e" };
const name = "2026-01-15/0123456789abcdef";

describe("a park store in blobs", () => {
  it.each([
    [409, "BlobAlreadyExists"],
    [412, "ConditionNotMet"],
    [412, "LeaseIdMissing"],
  ])("takes %d %s for an event that is parked already", async (status, code) => {
    await expect(blobPark(refusing(status, code)).put("box", parked)).resolves.toBeUndefined();
  });

  it.each([
    [409, "ContainerBeingDeleted"],
    [409, "ContainerDisabled"],
    [409, "AccountBeingCreated"],
    [412, "SomethingNew"],
    [404, "ContainerNotFound"],
    [403, "AuthorizationFailure"],
  ])("takes %d %s for a failure, and nothing for parked, taken or removed", async (status, code) => {
    const park = blobPark(refusing(status, code));
    const leased = { ...parked, lease: "00000000-0000-0000-0000-000000000001" };
    await expect(park.put("box", parked)).rejects.toThrow();
    await expect(park.take("box", "1")).rejects.toThrow();
    await expect(park.remove("box", leased)).rejects.toThrow();
    await expect(park.release("box", leased)).rejects.toThrow();
  });
});

describe("checkpoints in blobs", () => {
  it.each([
    [409, "ContainerBeingDeleted"],
    [404, "ContainerNotFound"],
  ])("take %d %s for a failure, not for a partition of somebody else", async (status, code) => {
    const checkpoints = blobCheckpoints(refusing(status, code));
    await expect(checkpoints.claim(place, claim)).rejects.toThrow();
    await expect(
      checkpoints.save(place, { partition: "0", offset: "1", sequenceNumber: "1" }),
    ).rejects.toThrow();
  });
});

describe("a container that is not there", () => {
  it("is named by every store, with what to do: nothing in it counts as missing", async () => {
    const gone = containers.named("gone");
    const says = 'blob container "gone" does not exist: create it, or correct its name';
    const asked = [
      blobStore(gone).open(name),
      blobStore(gone).put(name, Buffer.from("x"), { contentType: "text/plain", expiresAtMs: 8.64e15 }),
      blobPark(gone).put("box", parked),
      blobPark(gone).list("box", 1),
      blobPark(gone).take("box", "1"),
      blobCheckpoints(gone).load(place),
      blobCheckpoints(gone).owners(place),
      blobCheckpoints(gone).claim(place, { ...claim, etag: undefined }),
      blobCheckpoints(gone).save(place, { partition: "0", offset: "1", sequenceNumber: "1" }),
    ];
    for (const each of asked) await expect(each).rejects.toThrow(says);
  });
});
