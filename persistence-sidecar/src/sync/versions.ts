/**
 * Which state of a row is the newer one: a hybrid logical clock and who wrote it, as a text whose order is that of the
 * versions: 16 hexadecimal digits of the stamp (milliseconds << 16 | counter), a point, the writer's name.
 *
 * A write is later than the state that it was made on, whatever the clocks say; of two that knew nothing of each other the
 * later stamp is the newer one, and with equal stamps the writer's name decides.
 */
export type Version = string;

/** Of a row that nobody has ever written. */
export const noVersion: Version = "";

/** Direct writes at the remote are its own. */
export const remoteWriter = "remote";

/** Nobody knows when rows that were there before the first copy were written: the remote's are the newer ones. */
const initialStamps = { local: 1n, remote: 2n } as const;

export function initialVersion(side: "local" | "remote", writer: string): Version {
  return versionOf(initialStamps[side], side === "remote" ? remoteWriter : writer);
}

export function isInitial(version: Version): boolean {
  return version !== noVersion && stampOf(version) <= initialStamps.remote;
}

export function versionOf(stamp: bigint, writer: string): Version {
  return `${stamp.toString(16).padStart(16, "0")}.${writer}`;
}

export function stampOf(version: Version): bigint {
  return version === noVersion ? 0n : BigInt(`0x${version.slice(0, 16)}`);
}

/** Of a write on a row of version `base`, by the writer's clock. */
export function nextVersion(base: Version, clock: bigint, writer: string): Version {
  const after = stampOf(base) + 1n;
  return versionOf(clock > after ? clock : after, writer);
}

/** The newer one. */
export function newest(a: Version, b: Version): Version {
  return a > b ? a : b;
}

/** A clock's reading as a stamp. */
export function stampOfMs(ms: number): bigint {
  return BigInt(Math.floor(ms)) << 16n;
}
