import { PgError } from "../errors.ts";
import {
  compareNetworks,
  hostMask,
  hostText,
  type Network,
  netMask,
  networkText,
  parseNetwork,
  widthOf,
} from "../types/network.ts";
import { define, defineWith } from "./registry.ts";

/** Functions and operators of inet, cidr and macaddr (PostgreSQL's documentation, 9.12). */

const parse = (value: string) => parseNetwork(value, "inet");
const inet = (network: Network) => networkText(network, "inet");
const cidr = (network: Network) => networkText(network, "cidr");

define("network_family", (a: string) => parse(a).family);
define("network_masklen", (a: string) => parse(a).bits);
define("network_host", (a: string) => hostText(parse(a)));
define("network_show", (a: string) => {
  const network = parse(a);
  return `${hostText(network)}/${network.bits}`;
});
define("network_network", (a: string) => {
  const network = parse(a);
  return cidr({ ...network, address: network.address & netMask(network) });
});
define("network_netmask", (a: string) => {
  const network = parse(a);
  return inet({ ...network, bits: widthOf(network.family), address: netMask(network) });
});
define("network_hostmask", (a: string) => {
  const network = parse(a);
  return inet({ ...network, bits: widthOf(network.family), address: hostMask(network) });
});
define("network_broadcast", (a: string) => {
  const network = parse(a);
  return inet({ ...network, address: network.address | hostMask(network) });
});
define("inet_abbrev", (a: string) => inet(parse(a)));
define("cidr_abbrev", (a: string) => {
  const network = parse(a);
  if (network.family === 6) return cidr(network);
  const bytes = Math.max(1, Math.ceil(network.bits / 8));
  return `${hostText(network).split(".").slice(0, bytes).join(".")}/${network.bits}`;
});

/** @throws PgError 22023 */
function withBits(network: Network, bits: number): Network {
  if (bits < -1 || bits > widthOf(network.family)) throw new PgError("22023", `invalid mask length: ${bits}`);
  return { ...network, bits: bits === -1 ? widthOf(network.family) : bits };
}
define("inet_set_masklen", (a: string, bits: number) => inet(withBits(parse(a), bits)));
define("cidr_set_masklen", (a: string, bits: number) => {
  const network = withBits(parse(a), bits);
  return cidr({ ...network, address: network.address & netMask(network) });
});
define("inet_to_cidr", (a: string) => {
  const network = parse(a);
  return cidr({ ...network, address: network.address & netMask(network) });
});

/** Whether `a` lies in the network of `b`. */
function isWithin(a: Network, b: Network): boolean {
  if (a.family !== b.family || a.bits < b.bits) return false;
  const shift = BigInt(widthOf(b.family) - b.bits);
  return a.address >> shift === b.address >> shift;
}
define(
  "network_sub",
  (a: string, b: string) => parse(a).bits > parse(b).bits && isWithin(parse(a), parse(b)),
);
define("network_subeq", (a: string, b: string) => isWithin(parse(a), parse(b)));
define(
  "network_sup",
  (a: string, b: string) => parse(b).bits > parse(a).bits && isWithin(parse(b), parse(a)),
);
define("network_supeq", (a: string, b: string) => isWithin(parse(b), parse(a)));
define("network_overlap", (a: string, b: string) => {
  const [x, y] = [parse(a), parse(b)];
  return x.bits >= y.bits ? isWithin(x, y) : isWithin(y, x);
});
define("network_cmp", (a: string, b: string) => Math.sign(compareNetworks(parse(a), parse(b))));
define("network_larger", (a: string, b: string) => (compareNetworks(parse(a), parse(b)) >= 0 ? a : b));
define("network_smaller", (a: string, b: string) => (compareNetworks(parse(a), parse(b)) <= 0 ? a : b));
define("inet_same_family", (a: string, b: string) => parse(a).family === parse(b).family);
define("inet_merge", (a: string, b: string) => {
  const [x, y] = [parse(a), parse(b)];
  requireSameFamily(x, y, "cannot merge addresses from different families");
  let bits = Math.min(x.bits, y.bits);
  const width = widthOf(x.family);
  while (bits > 0 && x.address >> BigInt(width - bits) !== y.address >> BigInt(width - bits)) bits--;
  const merged = { ...x, bits };
  return cidr({ ...merged, address: x.address & netMask(merged) });
});

function requireSameFamily(a: Network, b: Network, message: string): void {
  if (a.family !== b.family) throw new PgError("22023", message);
}
const all = (network: Network) => (1n << BigInt(widthOf(network.family))) - 1n;
define("inetnot", (a: string) => {
  const network = parse(a);
  return inet({ ...network, address: network.address ^ all(network) });
});
define("inetand", (a: string, b: string) => {
  const [x, y] = [parse(a), parse(b)];
  requireSameFamily(x, y, "cannot AND inet values of different sizes");
  return inet({ ...x, bits: Math.max(x.bits, y.bits), address: x.address & y.address });
});
define("inetor", (a: string, b: string) => {
  const [x, y] = [parse(a), parse(b)];
  requireSameFamily(x, y, "cannot OR inet values of different sizes");
  return inet({ ...x, bits: Math.max(x.bits, y.bits), address: x.address | y.address });
});

/** @throws PgError 22003 */
function moved(a: string, by: bigint): string {
  const network = parse(a);
  const address = network.address + by;
  if (address < 0n || address > all(network)) throw new PgError("22003", "result is out of range");
  return inet({ ...network, address });
}
define("inetpl", (a: string, by: bigint) => moved(a, by));
define("inetmi_int8", (a: string, by: bigint) => moved(a, -by));
define("inetmi", (a: string, b: string) => {
  const [x, y] = [parse(a), parse(b)];
  requireSameFamily(x, y, "cannot subtract inet values of different sizes");
  const difference = x.address - y.address;
  if (BigInt.asIntN(64, difference) !== difference) throw new PgError("22003", "result is out of range");
  return difference;
});
// A connection's address and port are those of the container's own network.
define("inet_client_addr inet_server_addr inet_client_port inet_server_port", () => null);

const bytesOf = (a: string) => a.split(":").map((part) => Number.parseInt(part, 16));
const macOf = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
for (const name of ["macaddr", "macaddr8"]) {
  define(`${name}_not`, (a: string) => macOf(bytesOf(a).map((byte) => byte ^ 255)));
  define(`${name}_and`, (a: string, b: string) => macOf(bytesOf(a).map((byte, i) => byte & bytesOf(b)[i]!)));
  define(`${name}_or`, (a: string, b: string) => macOf(bytesOf(a).map((byte, i) => byte | bytesOf(b)[i]!)));
  define(`${name}_trunc`, (a: string) => macOf(bytesOf(a).map((byte, i) => (i < 3 ? byte : 0))));
  defineWith(`${name}_cmp`, (_call, a: string, b: string) => (a === b ? 0 : a < b ? -1 : 1));
}
define("macaddrtomacaddr8", (a: string) => {
  const bytes = bytesOf(a);
  return macOf([...bytes.slice(0, 3), 255, 254, ...bytes.slice(3)]);
});
define("macaddr8tomacaddr", (a: string) => {
  const bytes = bytesOf(a);
  if (bytes[3] !== 255 || bytes[4] !== 254)
    throw new PgError("22003", "macaddr8 data out of range to convert to macaddr", {
      hint: "Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, for example xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.",
    });
  return macOf([...bytes.slice(0, 3), ...bytes.slice(5)]);
});
define("macaddr8_set7bit", (a: string) => macOf(bytesOf(a).map((byte, i) => (i === 0 ? byte | 2 : byte))));
