import { lookup as resolve } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Addresses of this machine and of networks that are nobody else's business (RFC 6890 and its kin). */
const privateV4 = new BlockList();
/** Of its own: a list that has the mapped addresses takes every IPv4 address for one of them. */
const privateV6 = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  privateV4.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::", 128],
  ["::1", 128],
  // Ways to write IPv4 in IPv6: what is meant by them depends on the network.
  ["::ffff:0:0", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  privateV6.addSubnet(network, prefix, "ipv6");
}

/** Whether an address is one that a webhook may only have when that is allowed. */
export function isPrivateAddress(address: string): boolean {
  if (isIP(address) === 4) return privateV4.check(address, "ipv4");
  return isIP(address) === 6 && privateV6.check(address, "ipv6");
}

/** Why a webhook is not sent there. */
export function privateAddress(hostname: string, address = hostname): string {
  return `${hostname} has the private address ${address}: allow webhook_private_addresses`;
}

/** Resolves a name for a connection, and refuses it where an address is private: when it connects, not before. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0);
    const refused = addresses.find(({ address }) => isPrivateAddress(address));
    if (refused !== undefined) {
      return callback(new Error(privateAddress(hostname, refused.address)), "", 0);
    }
    if (options.all) return callback(null, addresses);
    const [first] = addresses;
    callback(null, first!.address, first!.family);
  });
};
