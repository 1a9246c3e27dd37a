import { isIP } from "node:net";
import type { Data } from "./message.ts";

/** An IP address as a record's data; undefined for a name. */
export function addressData(host: string): (Data & { type: "A" | "AAAA" }) | undefined {
  const family = isIP(host);
  if (family === 4) return { type: "A", address: Uint8Array.from(host.split("."), Number) };
  return family === 6 && !host.includes("%") ? { type: "AAAA", address: ipv6Bytes(host) } : undefined;
}

/** The 16 bytes of an IPv6 address in any of its forms. */
function ipv6Bytes(host: string): Uint8Array {
  // A URL writes it in its one form, an IPv4 address within it as hexadecimal too.
  const [head = "", tail] = new URL(`http://[${host}]/`).hostname.slice(1, -1).split("::");
  const words = (text: string) => text.split(":").filter((word) => word !== "");
  const [first, last] = [words(head), words(tail ?? "")];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => "0");
  return Uint8Array.from(
    [...first, ...zeros, ...last].flatMap((word) => {
      const number = Number.parseInt(word, 16);
      return [number >> 8, number & 0xff];
    }),
  );
}
