/** The polynomial of Redis's checksums, Jones's, with its bits reversed (Redis, crc64.c). */
const POLYNOMIAL = 0x95ac9329ac4bc9b5n;

/** The upper and lower halves of the checksum of each byte. */
const upper = new Uint32Array(256);
const lower = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let value = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ POLYNOMIAL : value >> 1n;
  upper[byte] = Number(value >> 32n);
  lower[byte] = Number(value & 0xffffffffn);
}

/** The CRC-64 of Redis's payloads and files; `before` is that of the bytes before these. */
export function crc64(bytes: Uint8Array, before = 0n): bigint {
  let high = Number(before >> 32n) | 0;
  let low = Number(before & 0xffffffffn) | 0;
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ lower[index]!;
    high = (high >>> 8) ^ upper[index]!;
  }
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
