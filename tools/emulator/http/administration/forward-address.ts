/** The entity of a destination, which clients send as `sb://host/name`. Empty for none. */
export function readForward(text: string | undefined): string {
  if (text === undefined) return "";
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/]*\/(.*)$/i.exec(text)?.[1] ?? text;
  return path.replace(/^\/+|\/+$/g, "");
}

/** As the service shows it; nothing for none. */
export const writeForward = (origin: string, name: string): string | undefined =>
  name === "" ? undefined : `${origin.replace(/^https?:/, "sb:")}/${name}`;
