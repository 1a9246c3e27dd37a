/** An instance as weftkit/discovery answers it. */
export interface DiscoveredInstance {
  readonly id: string;
  readonly engine: string;
  readonly protocol: string;
  /** `host:port`, with IPv6 addresses in brackets. */
  readonly endpoint: string;
  readonly groups: readonly string[];
  readonly role: "primary" | "replica";
  readonly weight: number;
  readonly tls: boolean;
  readonly draining: boolean;
  readonly epoch: number;
  readonly state: "passing" | "suspect" | "failed" | "left";
}

/** Whether an answer has the form of an instance; what discovery may add to it later does not matter. */
export function isInstance(value: unknown): value is DiscoveredInstance {
  if (typeof value !== "object" || value === null) return false;
  const { id, engine, endpoint, groups, role, weight } = value as Record<string, unknown>;
  return (
    [id, engine, endpoint].every((text) => typeof text === "string") &&
    Array.isArray(groups) &&
    groups.every((group) => typeof group === "string") &&
    (role === "primary" || role === "replica") &&
    typeof weight === "number"
  );
}
