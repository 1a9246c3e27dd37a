import { namespacePattern } from "@weftkit/cdc/filters";
import type { Mistake } from "@weftkit/config";
import type { SyncOptions, SyncSection } from "./protocol.ts";
import { protocolOf, schemesOf } from "./protocols.ts";

const sitePattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,30}$/;

/** Undefined without a `remote_endpoint`; what is wrong is added to the mistakes. */
export function readSyncOptions(section: SyncSection, mistakes: Mistake[]): SyncOptions | undefined {
  const { remote_endpoint: remote, local_endpoint: local, local_admin_url: admin } = section;
  const wrong = (key: string, message: string) => mistakes.push({ where: `persistence.${key}`, message });
  if (remote === undefined) {
    if (local !== undefined)
      wrong("remote_endpoint", "is missing: local_endpoint is what it is kept equal with");
    return undefined;
  }
  const needed = "is missing: synchronisation with a remote_endpoint needs it";
  if (local === undefined) wrong("local_endpoint", needed);
  if (admin === undefined && protocolOf(remote)?.tellsChanges !== true) wrong("local_admin_url", needed);
  for (const [key, endpoint] of Object.entries({ remote_endpoint: remote, local_endpoint: local })) {
    if (endpoint === undefined) continue;
    if (!URL.canParse(endpoint)) wrong(key, "is no URL: postgres://user:password@host:port/database");
    else if (protocolOf(endpoint) === undefined)
      wrong(
        key,
        `begins with ${new URL(endpoint).protocol}//, which is not supported yet: ${schemesOf()} are`,
      );
  }
  if (local !== undefined && protocolOf(local) !== protocolOf(remote) && mistakes.length === 0)
    wrong("remote_endpoint", "is of another protocol than local_endpoint: two of the same are kept equal");
  const protocol = protocolOf(remote);
  if (mistakes.length === 0) protocol?.check(section, wrong);
  for (const key of ["local_admin_url", "remote_admin_url"] as const) {
    const url = section[key];
    if (url !== undefined && !/^https?:\/\/./.test(url)) wrong(key, "is no URL: http://relational:9464");
  }
  if (section.mode === "write_through") wrong("mode", "write_through is not supported yet: write_behind is");
  if (section.conflict_resolution === "custom")
    wrong("conflict_resolution", "custom is not supported yet: lww and crdt are");
  for (const key of ["crdt_counters", "crdt_sets"] as const) {
    if (section[key].length > 0 && section.conflict_resolution !== "crdt")
      wrong(key, 'has a meaning with conflict_resolution = "crdt" only');
  }
  if (!sitePattern.test(section.site) || section.site === "remote")
    wrong("site", 'at most 31 letters, digits and "-", the first no "-"; "remote" is the other side');
  if (mistakes.length > 0 || protocol === undefined) return undefined;
  const patterns = section.tables.map(namespacePattern);
  return {
    protocol,
    localEndpoint: local!,
    remoteEndpoint: remote,
    localAdmin: { url: admin ?? "", token: section.local_admin_token },
    remoteAdmin:
      section.remote_admin_url === undefined
        ? undefined
        : { url: section.remote_admin_url, token: section.remote_admin_token },
    site: section.site,
    intervalMs: section.sync_interval_ms,
    queueBytesMax: section.max_queue_bytes,
    bandwidth: section.sync_bandwidth,
    kindOf: section.conflict_resolution === "crdt" ? protocol.kinds(section) : undefined,
    isWanted: (name) => patterns.some((pattern) => pattern.test(name)),
  };
}
