import { BlockList, isIP } from "node:net";
import { WeftkitError } from "@weftkit/core";

/** Loopback and private networks: RFC 1918, RFC 6598 (pods of some clusters), RFC 4193. */
const privateAddresses = new BlockList();
for (const [network, prefix] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
] as const) {
  privateAddresses.addSubnet(network, prefix, "ipv4");
}
privateAddresses.addAddress("::1", "ipv6");
privateAddresses.addSubnet("fc00::", 7, "ipv6");

/** Names that only a compose or cluster network resolves: of one label, or of Kubernetes' own zone. */
const clusterName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$|\.svc$|\.svc\.cluster\.local$/;

/** The machine that a container runs on, as Docker and Podman call it within. */
const hostNames: ReadonlySet<string> = new Set(["host.docker.internal", "host.containers.internal"]);

/** Whether state may travel to this URL: by https anywhere, by http inside a host or a private network only. */
export function isAllowedUrl(url: URL): boolean {
  if (url.username !== "" || url.password !== "") return false;
  if (url.protocol === "https:") return true;
  if (url.protocol !== "http:") return false;
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, "");
  const family = isIP(host);
  if (family !== 0) return privateAddresses.check(host, family === 4 ? "ipv4" : "ipv6");
  return clusterName.test(host) || hostNames.has(host);
}

/**
 * Reads the base URL of an endpoint.
 *
 * @throws WeftkitError `bad_url`
 */
export function parseEndpointUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw badUrl(text, "is not a URL");
  if (url.search !== "" || url.hash !== "") throw badUrl(text, "must end with its path, without ? and #");
  if (url.username !== "" || url.password !== "") throw badUrl(url.origin, "must hold no password");
  if (!isAllowedUrl(url)) {
    throw badUrl(
      text,
      "must be https; http is for loopback, private addresses, names of one label (compose, clusters) and host.docker.internal",
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
}

function badUrl(text: string, why: string): WeftkitError {
  return new WeftkitError("bad_url", `the endpoint's URL "${text.slice(0, 200)}" ${why}`);
}
