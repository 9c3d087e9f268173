import type { Stage } from "./fixtures.js";

/** What the management of Event Grid answers. */
export interface ManagementAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Calls `/$emulator/event-grid/…`. */
export async function manage(
  { origin }: Pick<Stage, "origin">,
  method: string,
  path: string,
  body?: unknown,
): Promise<ManagementAnswer> {
  const response = await fetch(`${origin}/$emulator/event-grid/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
}

/** Resolves as soon as the subscription is in that state, which a handshake brings about. */
export async function untilState(stage: Stage, path: string, state: string): Promise<void> {
  for (;;) {
    const { body } = await manage(stage, "GET", path);
    const { provisioningState } = (body as { properties: { provisioningState: string } }).properties;
    if (provisioningState === state) return;
  }
}
