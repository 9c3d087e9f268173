import { realRuntime, WaybillError, within } from "../../src/transport/index.js";

/** Which addresses of validation events are opened, and how. */
export interface OpenValidationUrl {
  /**
   * Where the addresses may be: names of hosts, or `*.` and the name that they end with. Event Grid's own are under
   * `*.eventgrid.azure.net`.
   */
  readonly hosts: readonly string[];
  /** What makes the request. Default: the global `fetch`. It must follow no redirect, as its options say. */
  readonly fetch?: typeof fetch;
  /** Hears of every address that was asked to be opened. */
  readonly onOpened?: (opened: OpenedValidationUrl) => void;
}

/** What became of the address of a validation event. */
export interface OpenedValidationUrl {
  /** Its host. Nothing else of it is told: what it holds consents to the subscription. */
  readonly host: string;
  /** Why it was not opened, or what went wrong; absent when it was opened and answered with success. */
  readonly problem?: string;
}

/** @throws {WaybillError} `invalidOption` for hosts that are no names, or all there are */
export function checkHosts({ hosts }: OpenValidationUrl): void {
  const wrong = hosts.find((host) => !/^(?:\*\.)?(?:[a-z\d-]+\.)+[a-z][a-z\d-]*$/i.test(host));
  if (wrong === undefined) return;
  throw new WaybillError(
    "invalidOption",
    `eventGridHandler() cannot open addresses at ${JSON.stringify(wrong.slice(0, 100))}: ` +
      'openValidationUrl.hosts must be names such as "*.eventgrid.azure.net"',
  );
}

/**
 * Opens the address, if it may be, and tells what became of it: one GET by https, without redirects, within five seconds, of whose
 * answer only the status is read. Never throws.
 */
export async function openValidationUrl(options: OpenValidationUrl, text: string): Promise<void> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const problem =
    url === undefined ? "it is no address" : (refusal(url, options.hosts) ?? (await get(options, url)));
  const host = url?.hostname.slice(0, maxHostLength) ?? "";
  options.onOpened?.({ host, ...(problem === undefined ? {} : { problem }) });
}

function refusal(url: URL, hosts: readonly string[]): string | undefined {
  if (url.protocol !== "https:") return "it is not https";
  if (url.username !== "" || url.password !== "") return "it names a user";
  if (!ports.includes(url.port)) return "its port is not Event Grid's";
  // An IP address is none of them, however it is spelled: `URL` has made it digits or brackets.
  if (!hosts.some((host) => isAt(url.hostname, host.toLowerCase()))) return "its host is not one of hosts";
  return undefined;
}

/** 443, and the one that Event Grid uses. Source: "Webhook event delivery", "Endpoint validation with Event Grid events". */
const ports = ["", "553"];

const isAt = (hostname: string, host: string): boolean =>
  host.startsWith("*.") ? hostname.endsWith(host.slice(1)) : hostname === host;

async function get({ fetch: ask = fetch }: OpenValidationUrl, url: URL): Promise<string | undefined> {
  const abort = new AbortController();
  try {
    const deadline = { runtime: realRuntime(), operationMs: answerMs };
    const { ok, redirected, status } = await within(deadline, "cannot validate", async () => {
      const answer = await ask(url, { redirect: "manual", signal: abort.signal });
      // What it says beside its status is nobody's business.
      answer.body?.cancel().catch(() => undefined);
      return answer;
    });
    if (redirected) return "it was redirected";
    return ok ? undefined : `the answer was ${String(status)}`;
  } catch {
    // What failed may quote the address.
    return "there was no answer";
  } finally {
    abort.abort();
  }
}

const answerMs = 5_000;
const maxHostLength = 253;
