import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  eventGridHandler,
  sharedSecret,
  type OpenedValidationUrl,
  type OpenValidationUrl,
} from "../../adapters/event-grid/index.js";

const secret = "the secret of the hook";
const allowed = "https://rp-westeurope.eventgrid.azure.net:553/eventsubscriptions/a/validate?id=1&token=1A1A";

function validation(validationUrl: unknown, code = secret): Request {
  const event = {
    id: "v",
    topic: "/subscriptions/x",
    subject: "",
    eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
    eventTime: "2026-01-01T00:00:00Z",
    data: { validationCode: "512d38b6", validationUrl },
    dataVersion: "2",
  };
  return new Request(`https://hook.example/events?code=${encodeURIComponent(code)}`, {
    method: "POST",
    headers: { "content-type": "application/json", "aeg-event-type": "SubscriptionValidation" },
    body: JSON.stringify([event]),
  });
}

/** A server that stands for every host, and a webhook that asks it by http, and else as it was told to. */
async function opening(listener: RequestListener, more: Partial<OpenValidationUrl> = {}) {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method ?? ""} ${incoming.url ?? ""}`);
    listener(incoming, outgoing);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const opened: OpenedValidationUrl[] = [];
  const hook = eventGridHandler({
    authenticate: sharedSecret(() => [secret]),
    openValidationUrl: {
      hosts: ["*.eventgrid.azure.net"],
      fetch: (url, init) => {
        const { pathname, search } = new URL(url);
        return fetch(`http://127.0.0.1:${String(port)}${pathname}${search}`, init);
      },
      onOpened: (each) => void opened.push(each),
      ...more,
    },
  });
  return { hook, asked, opened };
}

const ok: RequestListener = (_incoming, outgoing) => void outgoing.end("validated");

const echoed = async (answer: Response): Promise<unknown> => [answer.status, await answer.json()];
const echo = [200, { validationResponse: "512d38b6" }];

describe("the address of a validation event", () => {
  it("is opened once where a webhook is told to and its host is one of those named, and its code is echoed", async () => {
    const { hook, asked, opened } = await opening(ok);
    expect(await echoed(await hook(validation(allowed)))).toEqual(echo);
    expect(asked).toEqual(["GET /eventsubscriptions/a/validate?id=1&token=1A1A"]);
    // Of the address nothing is told but its host.
    expect(opened).toEqual([{ host: "rp-westeurope.eventgrid.azure.net" }]);
  });

  it.each([
    ["http", "http://rp.eventgrid.azure.net/validate", "it is not https"],
    ["another scheme", "file:///etc/passwd", "it is not https"],
    ["another host", "https://evil.example/validate", "its host is not one of hosts"],
    [
      "a host that only ends alike",
      "https://evileventgrid.azure.net/validate",
      "its host is not one of hosts",
    ],
    ["the name itself", "https://eventgrid.azure.net/validate", "its host is not one of hosts"],
    [
      "a host that begins alike",
      "https://rp.eventgrid.azure.net.evil.example/",
      "its host is not one of hosts",
    ],
    ["a user", "https://rp.eventgrid.azure.net@evil.example/", "it names a user"],
    ["a user at an allowed host", "https://me:secret@rp.eventgrid.azure.net/", "it names a user"],
    ["a backslash", "https://evil.example\\.eventgrid.azure.net/", "its host is not one of hosts"],
    ["an IP address", "https://169.254.169.254/latest", "its host is not one of hosts"],
    ["an IP address as a number", "https://2852039166/", "its host is not one of hosts"],
    ["an IP address of version 6", "https://[::1]/", "its host is not one of hosts"],
    ["another port", "https://rp.eventgrid.azure.net:8443/", "its port is not Event Grid's"],
    ["what is no address", "rp.eventgrid.azure.net", "it is no address"],
  ])("is not opened if it has %s", async (_what, url, problem) => {
    const { hook, asked, opened } = await opening(ok);
    expect(await echoed(await hook(validation(url)))).toEqual(echo);
    expect([asked, opened.map((each) => each.problem)]).toEqual([[], [problem]]);
  });

  it("is opened at a host that is named whole, and at none under it", async () => {
    const { hook, asked } = await opening(ok, { hosts: ["RP.eventgrid.azure.net"] });
    await hook(validation("https://rp.EventGrid.azure.net/a"));
    await hook(validation("https://b.rp.eventgrid.azure.net/b"));
    expect(asked).toEqual(["GET /a"]);
  });

  it("is not followed where it leads on", async () => {
    const { hook, asked, opened } = await opening((_incoming, outgoing) => {
      outgoing.writeHead(302, { location: "/elsewhere" }).end();
    });
    expect(await echoed(await hook(validation(allowed)))).toEqual(echo);
    expect([asked.length, opened[0]?.problem]).toEqual([1, "the answer was 302"]);
    const following = await opening(ok, {
      fetch: () => Promise.resolve(Object.defineProperty(new Response(), "redirected", { value: true })),
    });
    await following.hook(validation(allowed));
    expect(following.opened[0]?.problem).toBe("it was redirected");
  });

  it("tells nothing of what failed, which may quote it", async () => {
    const { hook, opened } = await opening(ok, {
      fetch: () => {
        throw new Error(`cannot open ${allowed}`);
      },
    });
    expect(await echoed(await hook(validation(allowed)))).toEqual(echo);
    expect(opened).toEqual([{ host: "rp-westeurope.eventgrid.azure.net", problem: "there was no answer" }]);
  });

  it("is given up after five seconds, and an endless answer is not read", async () => {
    const cut = new Promise<void>((resolve) => {
      void opening((_incoming, outgoing) => {
        outgoing.once("close", resolve);
        const more = (): void => void outgoing.write(Buffer.alloc(65_536), more);
        more();
      }).then(({ hook }) => hook(validation(allowed)));
    });
    await cut;
    const hanging = await opening(() => undefined);
    expect(await echoed(await hanging.hook(validation(allowed)))).toEqual(echo);
    expect(hanging.opened[0]?.problem).toBe("there was no answer");
  }, 30_000);

  it("is opened for nobody who is not known, and not where there is none", async () => {
    const { hook, asked, opened } = await opening(ok);
    expect((await hook(validation(allowed, "another secret"))).status).toBe(401);
    for (const none of [undefined, 1, ""]) expect(await echoed(await hook(validation(none)))).toEqual(echo);
    expect([asked, opened]).toEqual([[], []]);
  });

  it.each(["*", "*.net", "", "https://eventgrid.azure.net", "127.0.0.1", "a.*.net", "[::1]"])(
    "cannot be allowed at %j, which is no name of hosts",
    (host) => {
      const make = () =>
        eventGridHandler({ authenticate: "nobody else can", openValidationUrl: { hosts: [host] } });
      expect(make).toThrow(/openValidationUrl\.hosts must be names/);
    },
  );
});
