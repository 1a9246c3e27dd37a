import { BackendTextError, parseAddress } from "@weftkit/backends";
import { type Config, ConfigError, type Mistake } from "@weftkit/config";
import { nameBytesMax } from "./swim/codec.ts";
import type { Address } from "./swim/member.ts";

/** What the section says, read. */
export interface Settings {
  readonly peers: readonly Address[];
  readonly advertise: { readonly host: string; readonly port: number | undefined } | undefined;
}

const secretCharsMin = 16;
const zonePattern =
  /^(?=.{1,100}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const clusterPattern = /^[A-Za-z0-9_.-]{1,63}$/;

/** @throws ConfigError with every mistake at once */
export function readSettings(section: Config["discovery"], node: string): Settings {
  const mistakes: Mistake[] = [];
  const fault = (key: string, message: string) => mistakes.push({ where: `discovery.${key}`, message });
  const read = <T>(key: string, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof BackendTextError)) throw error;
      fault(key, error.message);
      return undefined;
    }
  };
  const { peers, gossip_secret, heartbeat_interval, suspect_after, fail_after, cluster } = section;
  const found = peers.map((peer) => read("peers", () => parseAddress(peer, 7946)));
  const { advertise } = section;
  const advertised =
    advertise === undefined
      ? undefined
      : read("advertise", () => {
          // A port that nobody says is the one that is listened on, which may be the system's choice.
          const { host, port } = parseAddress(advertise, 65_535);
          return { host, port: /:\d+$/.test(advertise) && !isBareIPv6(advertise) ? port : undefined };
        });
  if (peers.length > 0 && gossip_secret === undefined) {
    fault("peers", "nodes need gossip_secret (WEFTKIT_DISCOVERY_GOSSIP_SECRET), the same on all of them");
  }
  if (gossip_secret !== undefined && gossip_secret.length < secretCharsMin) {
    fault("gossip_secret", `gossip_secret must have at least ${secretCharsMin} characters`);
  }
  if (!clusterPattern.test(cluster)) {
    fault("cluster", `"${cluster}" is no name: up to 63 of letters, digits, "_", "." and "-"`);
  }
  if (!zonePattern.test(section.dns_zone)) {
    fault("dns_zone", `"${section.dns_zone}" is no name of DNS, such as weftkit or svc.example.com`);
  }
  if (suspect_after <= heartbeat_interval) {
    fault("suspect_after", "suspect_after must be longer than heartbeat_interval");
  }
  if (fail_after < suspect_after) fault("fail_after", "fail_after must not be shorter than suspect_after");
  if (Buffer.byteLength(node) > nameBytesMax) {
    mistakes.push({ where: "server.name", message: `a node's name has at most ${nameBytesMax} bytes` });
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return { peers: found.filter((peer) => peer !== undefined), advertise: advertised };
}

function isBareIPv6(text: string): boolean {
  return !text.startsWith("[") && text.split(":").length > 2;
}
