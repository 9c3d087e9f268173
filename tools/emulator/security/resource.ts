/** What a token or an address is about: a host, and a path of entities below it. */
export interface Resource {
  /** Lower case, without port. Empty if none was given. */
  readonly host: string;
  /** Lower case, without slashes at its ends. Empty: the whole namespace. */
  readonly path: string;
}

/** Reads `sb://host:port/path`, whatever the scheme, and bare paths. Letter case means nothing. */
export function parseResource(uri: string): Resource {
  const url = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)([^?#]*)/i.exec(uri);
  const host = (url?.[1] ?? "").replace(/:\d+$/, "").toLowerCase();
  const path = url === null ? uri : (url[2] ?? "");
  return { host, path: trimSlashes(path).toLowerCase() };
}

/** Whether what was granted on one path holds on the other: on the same, and on all below it. */
export function covers(granted: string, path: string): boolean {
  return granted === "" || granted === path || path.startsWith(`${granted}/`);
}

/** The path of an address, without scheme, host and outer slashes; letter case is kept. */
export function pathOf(address: string): string {
  return trimSlashes(address.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, ""));
}

function trimSlashes(path: string): string {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === "/") start++;
  while (end > start && path[end - 1] === "/") end--;
  return path.slice(start, end);
}
