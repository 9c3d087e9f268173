import { describe, expect, it } from "vitest";
import { cloudEvent, minute, pushStage, second, type PushStage } from "./fixtures.js";

const grid = (): PushStage => pushStage({ validation: "handshake" });
const cloud = (): PushStage => pushStage({ validation: "handshake" }, { kind: "custom" });

interface Validation {
  readonly eventType: string;
  readonly topic: string;
  readonly data: { readonly validationCode: string; readonly validationUrl: string };
}

function asked(stage: PushStage): Validation {
  const [event] = JSON.parse(stage.requests.at(-1)?.body ?? "") as readonly Validation[];
  if (event === undefined) throw new Error("no validation event was sent");
  return event;
}

const echo = (stage: PushStage): string =>
  JSON.stringify({ validationResponse: asked(stage).data.validationCode });

describe("the handshake of the Event Grid schema", () => {
  it("EG-11: creation posts a SubscriptionValidation event, and its echo with 200 activates", () => {
    const stage = grid();
    expect(stage.requests).toHaveLength(1);
    expect(stage.requests[0]).toMatchObject({
      method: "POST",
      url: "http://localhost/hook",
      headers: { "aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": "HOOK" },
    });
    expect(asked(stage)).toMatchObject({
      eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
      topic: "/topics/grid",
      data: { validationUrl: expect.stringContaining(asked(stage).data.validationCode) as string },
    });
    expect(stage.subscription.state).toBe("validating");
    stage.answer({ status: 200, body: echo(stage) });
    expect(stage.subscription.state).toBe("active");
    expect(stage.notifier.nextDueMs()).toBeUndefined();
    stage.publish("a");
    expect(stage.requests).toHaveLength(2);
  });

  it("EG-12: an echo with 202 does not activate; the question is repeated after 5 s", () => {
    const stage = grid();
    stage.answer({ status: 202, body: echo(stage) });
    expect(stage.subscription.state).not.toBe("active");
    stage.at(5 * second - 1);
    expect(stage.requests).toHaveLength(1);
    stage.at(5 * second);
    expect(stage.requests).toHaveLength(2);
    stage.answer({ status: 202, body: echo(stage) });
    expect(stage.subscription.state).toBe("awaitingManualAction");
    stage.at(5 * minute);
    expect(stage.subscription.state).toBe("failed");
  });

  it.each(["", "not JSON", "[]", "null", `{"validationResponse":"another"}`])(
    "EG-13: 200 with the body '%s' awaits manual action, and opening the URL within 5 min activates",
    (body) => {
      const stage = grid();
      const code = asked(stage).data.validationCode;
      stage.answer({ status: 200, body });
      expect(stage.subscription.state).toBe("awaitingManualAction");
      stage.at(5 * minute - 1);
      expect(stage.notifier.validate(code)).toBe(true);
      expect(stage.subscription.state).toBe("active");
      stage.at(6 * minute);
      expect(stage.subscription.state).toBe("active");
    },
  );

  it("EG-13: opening the URL after 5 min does nothing: the subscription has failed", () => {
    const stage = grid();
    const code = asked(stage).data.validationCode;
    stage.answer({ status: 200 });
    stage.at(5 * minute);
    expect(stage.subscription.state).toBe("failed");
    expect(stage.notifier.validate(code)).toBe(false);
    expect(stage.notifier.validate("another")).toBe(false);
    expect(stage.subscription.state).toBe("failed");
  });

  it("an endpoint that does not answer in 30 s is asked again, and its answer after that is ignored", () => {
    const stage = grid();
    const [first] = stage.requests;
    const body = echo(stage);
    stage.at(30 * second);
    stage.notifier.answer(first?.id ?? "", { status: 200, body });
    expect(stage.subscription.state).toBe("validating");
    stage.at(35 * second);
    stage.answer({ status: 200, body: echo(stage) });
    expect(stage.subscription.state).toBe("active");
  });

  it("EG-14: no event is sent before activation, nor one published before it afterwards", () => {
    const stage = grid();
    stage.publish("early");
    stage.answer({ status: 200 });
    stage.publish("still early");
    expect(stage.requests).toHaveLength(1);
    stage.notifier.validate(asked(stage).data.validationCode);
    expect(stage.subscription.pending).toBe(0);
    expect(stage.requests).toHaveLength(1);
  });

  it("deleting a subscription ends its handshake", () => {
    const stage = grid();
    const code = asked(stage).data.validationCode;
    stage.notifier.deleteSubscription("grid", "hook");
    expect(stage.notifier.nextDueMs()).toBeUndefined();
    expect(stage.notifier.validate(code)).toBe(false);
  });
});

describe("the handshake of the CloudEvents schema", () => {
  it.each(["*", "eventgrid.azure.net", "example.com, EventGrid.azure.net"])(
    "EG-15: OPTIONS carries WebHook-Request-Origin, and WebHook-Allowed-Origin '%s' activates",
    (origin) => {
      const stage = cloud();
      expect(stage.requests[0]).toMatchObject({
        method: "OPTIONS",
        body: "",
        headers: { "webhook-request-origin": "eventgrid.azure.net" },
      });
      stage.answer({
        status: 200,
        headers: { "webhook-allowed-origin": origin, "webhook-allowed-rate": "120" },
      });
      expect(stage.subscription.state).toBe("active");
      stage.notifier.publishEvents("grid", [cloudEvent("a")]);
      expect(stage.requests).toHaveLength(2);
    },
  );

  it.each([
    ["without WebHook-Allowed-Origin", { status: 200 }],
    ["for another origin", { status: 200, headers: { "webhook-allowed-origin": "example.com" } }],
  ])("EG-15: an answer %s is no consent, whatever its status", (_, answer) => {
    const stage = cloud();
    stage.answer(answer);
    expect(stage.subscription.state).toBe("awaitingManualAction");
    stage.publish("a");
    expect(stage.requests).toHaveLength(1);
    stage.at(5 * minute);
    expect(stage.subscription.state).toBe("failed");
  });

  it("EG-15: the endpoint may consent by the callback that the request names", () => {
    const stage = cloud();
    const callback = stage.requests[0]?.headers["webhook-request-callback"] ?? "";
    stage.answer({ status: 200 });
    expect(stage.notifier.validate(new URL(callback).searchParams.get("code") ?? "")).toBe(true);
    expect(stage.subscription.state).toBe("active");
  });
});
