import { inspect } from "node:util";

/** What every planted secret begins with. No output of ours may have it. */
const mark = "PlantedS3cret";

/** How secrets are spelled where they travel: by Azure, by HTTP, in the URLs of others. */
const spellings: Readonly<Record<string, (secret: string) => string>> = {
  "a shared access key": (secret) => `SharedAccessKeyName=root;SharedAccessKey=${secret}`,
  "a signature": (secret) => `https://tailwind.servicebus.windows.net/orders?sv=1&sig=${secret}&se=9`,
  "an account key": (secret) => `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${secret};`,
  "a bearer token": (secret) => `Authorization: Bearer ${secret}`,
  "a key of Event Grid": (secret) => `aeg-sas-key: ${secret}`,
  "a password in a URL": (secret) => `amqps://root:${secret}@tailwind.example/`,
  "a connection string": (secret) =>
    `Endpoint=sb://h/;SharedAccessKeyName=n;SharedAccessKey=${secret};EntityPath=q`,
  "the secret of a webhook": (secret) => `https://hook.example/events?code=${secret}`,
  "the password of a cache": (secret) => `redis://default:${secret}@cache.example:6379/0`,
};

/** A text with a secret in each spelling, planted at this place. */
export const planted = (place: string): string =>
  Object.values(spellings)
    .map((spell, at) => spell(`${mark}${String(at)}in${place.replaceAll(/\W/g, "")}`))
    .join(" | ");

/** One bare secret, such as a key that a client is made with. */
export const bareSecret = (place: string): string => `${mark}in${place.replaceAll(/\W/g, "")}`;

/** An error that holds secrets wherever errors hold something. */
export function leakyError(place: string): Error {
  const cause = Object.assign(new Error(planted(`${place} cause`)), {
    stderr: planted(`${place} property of cause`),
  });
  const error = new Error(planted(place), { cause });
  return Object.assign(error, {
    code: "ELEAK",
    config: { headers: { authorization: `Bearer ${bareSecret(`${place} header`)}` } },
    request: {
      url: planted(`${place} url`),
      headers: new Map([["aeg-sas-key", bareSecret(`${place} map`)]]),
    },
  });
}

/** The secrets that are in an output, whichever way it is written down. */
export function found(output: unknown): readonly string[] {
  const texts = [
    inspect(output, {
      depth: Infinity,
      maxArrayLength: Infinity,
      maxStringLength: Infinity,
      showHidden: true,
    }),
    asJson(output),
    typeof output === "string" ? output : "",
    output instanceof Error ? (output.stack ?? "") : "",
  ];
  return [...new Set(texts.flatMap((text) => text.match(new RegExp(`${mark}\\w*`, "g")) ?? []))];
}

function asJson(output: unknown): string {
  try {
    return JSON.stringify(output) ?? "";
  } catch {
    // What cannot be written so cannot leak so.
    return "";
  }
}
