/** Values looked at before the search is given up: it only words an error. */
const maxVisits = 10_000;

interface Visit {
  readonly value: object;
  readonly path: string;
  readonly parent: Visit | undefined;
}

/** Says in a sentence why `JSON.stringify` threw, and where: `a bigint at $.order.total`. No value is quoted. */
export function unserialisablePath(data: unknown): string {
  const found = complaint(data, "$", undefined);
  if (found !== undefined) return found;
  const waiting: Visit[] = isObject(data) ? [{ value: data, path: "$", parent: undefined }] : [];
  for (let visits = 0; waiting.length > 0 && visits < maxVisits; visits += 1) {
    const visit = waiting.pop() as Visit;
    for (const [key, member] of members(visit.value)) {
      const path = Array.isArray(visit.value) ? `${visit.path}[${key}]` : `${visit.path}.${key.slice(0, 64)}`;
      const problem = complaint(member, path, visit);
      if (problem !== undefined) return problem;
      if (isObject(member)) waiting.push({ value: member, path, parent: visit });
    }
  }
  return "a toJSON method or a getter threw, or it is nested too deep";
}

function complaint(value: unknown, path: string, parent: Visit | undefined): string | undefined {
  if (typeof value === "bigint") return `a bigint at ${shortened(path)}: send it as a string`;
  for (let visit = parent; visit !== undefined; visit = visit.parent) {
    if (visit.value === value) return `${shortened(path)} refers back to ${shortened(visit.path)}`;
  }
  return undefined;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function members(value: object): (readonly [string, unknown])[] {
  try {
    return Object.entries(value);
  } catch {
    return [];
  }
}

const shortened = (path: string): string => (path.length <= 200 ? path : `${path.slice(0, 200)}…`);
