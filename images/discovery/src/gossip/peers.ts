import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Address } from "../swim/member.ts";

/** How often names are looked up again: containers move. */
const lookupMs = 5000;
const addressesMax = 64;

/** Where other nodes may be: addresses, and names that are looked up for as long as it runs, as nodes come and move. */
export class Peers {
  readonly #named: readonly Address[];
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #found: readonly Address[];

  constructor(peers: readonly Address[], log: Logger) {
    this.#named = peers;
    this.#log = log;
    this.#found = peers.filter(({ host }) => isIP(host) !== 0);
  }

  /** What is known now. */
  get addresses(): readonly Address[] {
    return this.#found;
  }

  /** Looks all names up once, and from then on now and then; `changed` is told of addresses that are new. */
  async open(changed: (address: Address) => void): Promise<void> {
    await this.#look(changed);
    if (this.#named.every(({ host }) => isIP(host) !== 0)) return;
    const again = async () => {
      await this.#look(changed);
      if (!this.#isClosed) this.#timer = setTimeout(again, lookupMs).unref();
    };
    this.#timer = setTimeout(again, lookupMs).unref();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #look(changed: (address: Address) => void): Promise<void> {
    const all = await Promise.all(this.#named.map((peer) => this.#addressesOf(peer)));
    const before = new Set(this.#found.map(text));
    this.#found = all.flat().slice(0, addressesMax);
    if (this.#isClosed) return;
    for (const address of this.#found) if (!before.has(text(address))) changed(address);
  }

  async #addressesOf(peer: Address): Promise<Address[]> {
    if (isIP(peer.host) !== 0) return [peer];
    try {
      const found = await lookup(peer.host, { all: true });
      return found.map(({ address }) => ({ host: address, port: peer.port }));
    } catch (error) {
      // It is not there yet, or not any more: it is looked for again, and what was found before stays.
      this.#log.debug({ peer: peer.host, err: error }, "a peer's name is not known");
      return this.#found.filter(({ port }) => port === peer.port);
    }
  }
}

/** The address that other nodes reach this one at, when nobody says: the bound one, or the machine's first. */
export function ownAddress(bind: string): string {
  if (bind !== "0.0.0.0" && bind !== "::") return bind;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const usable = all.filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0);
  const found = usable.find(({ family }) => family === "IPv4") ?? usable[0];
  return found?.address ?? "127.0.0.1";
}

/** The address of a name, once. @throws WeftkitError `cannot_resolve` */
export async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    const message = `discovery.advertise: the address of ${host} cannot be found: ${reason}`;
    throw new WeftkitError("cannot_resolve", message, { cause: error });
  }
}

function text({ host, port }: Address): string {
  return `${host} ${port}`;
}
