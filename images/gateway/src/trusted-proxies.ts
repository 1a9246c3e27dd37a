import { BlockList, isIP } from "node:net";
import { ConfigError, type Mistake } from "@weftkit/config";
import { plainAddress } from "@weftkit/peek";

/**
 * Whose PROXY headers and `X-Forwarded-For` are believed.
 *
 * @param texts addresses, or networks as `10.0.0.0/8`
 * @throws ConfigError with every mistake at once
 */
export function trustedProxies(texts: readonly string[], where: string): (address: string) => boolean {
  const listed = new BlockList();
  const mistakes: Mistake[] = [];
  for (const text of texts) {
    const [address = "", bits, more] = text.split("/");
    const version = isIP(address);
    const most = version === 4 ? 32 : 128;
    const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (version === 0 || more !== undefined || length < 0 || length > most) {
      mistakes.push({ where, message: `"${text}" is neither an address nor a network such as 10.0.0.0/8` });
    } else listed.addSubnet(address, length, version === 4 ? "ipv4" : "ipv6");
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  if (texts.length === 0) return () => false;
  return (address) => {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && listed.check(plain, version === 4 ? "ipv4" : "ipv6");
  };
}
