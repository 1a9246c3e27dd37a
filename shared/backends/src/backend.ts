import type { EngineName } from "@weftkit/config";

/** Whether a backend takes writes, or follows one that does. */
export type Role = "primary" | "replica";

/** One server that connections can be made to. It is immutable: a change is another object in the next table. */
export interface Backend {
  /** What tells it from all others, and is the same in the next table: `relational@db1:5432`, or discovery's name. */
  readonly id: string;
  /** What it speaks. */
  readonly engine: EngineName;
  /** Which of several sets of servers of one engine it belongs to; `defaultGroup` when nobody says. */
  readonly groups: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly role: Role;
  /** Its share of connections beside others', from 1 to `weightMax`. */
  readonly weight: number;
  /** Whether it is spoken to in TLS. */
  readonly tls: boolean;
  /** It leaves: it gets no new connections, and those that it has may end. */
  readonly draining: boolean;
}

/** The group of a backend that names none. */
export const defaultGroup = "default";
export const weightMax = 1000;

/** `host:port`, with IPv6 addresses in brackets. */
export function addressOf({ host, port }: Pick<Backend, "host" | "port">): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A backend that nobody has given a name is called after what it is and where. */
export function idOf(backend: Pick<Backend, "engine" | "host" | "port">): string {
  return `${backend.engine}@${addressOf(backend)}`;
}

/** Whether two tables say the same of one backend. */
export function isSame(one: Backend, other: Backend): boolean {
  return (
    one.id === other.id &&
    one.engine === other.engine &&
    one.host === other.host &&
    one.port === other.port &&
    one.role === other.role &&
    one.weight === other.weight &&
    one.tls === other.tls &&
    one.draining === other.draining &&
    one.groups.length === other.groups.length &&
    one.groups.every((group, index) => group === other.groups[index])
  );
}
