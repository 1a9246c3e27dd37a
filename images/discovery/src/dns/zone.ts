import { isIP } from "node:net";
import type { InstanceRecord } from "../registry/instance.ts";
import { addressData } from "./addresses.ts";
import {
  type Data,
  type Name,
  type Query,
  type Rcode,
  type ResourceRecord,
  type Response,
  types,
} from "./message.ts";

/** What the zone is drawn from. */
export interface ZoneOptions {
  /** Its name, as labels in lower case. */
  readonly origin: Name;
  readonly ttlSeconds: number;
  /** Who of a group is passing or suspected, by id. */
  ofGroup(group: string): readonly InstanceRecord[];
  /** Whether somebody is in a group whose name ends in this one, which is in lower case, and a dot before it. */
  isAboveGroup(name: string): boolean;
  /** Whether that nothing is known of a name means that there is no such. */
  isSettled(): boolean;
}

const classIn = 1;
const classAny = 255;
const labelCharsMax = 63;

/**
 * The names of a zone:
 *
 * - `<group>.<zone>`: A and AAAA of its instances, SRV
 * - `<id>.<group>.<zone>`: A or AAAA, SRV; a CNAME when the instance has a name and no address
 * - `_<engine or protocol>._tcp.<group>.<zone>`: SRV of these
 *
 * Only instances that are passing and not draining are answered; a group is there as long as somebody may be.
 */
export class Zone {
  readonly #options: ZoneOptions;

  constructor(options: ZoneOptions) {
    this.#options = options;
  }

  /** @param recordsMax how many answers are enough: those that are more than fit tell that there are more */
  answer(query: Query, recordsMax: number): Response {
    const { origin } = this.#options;
    if (query.edns !== undefined && query.edns.version !== 0) return refusal("BADVERS");
    const isInZone = origin.every(
      (label, index) => query.name[query.name.length - origin.length + index] === label,
    );
    if (!isInZone || query.name.length < origin.length) return refusal("REFUSED");
    if ((query.class !== classIn && query.class !== classAny) || query.type === types.AXFR)
      return refusal("REFUSED");
    const name = query.name.slice(0, query.name.length - origin.length);
    if (name.length === 0) {
      const isSoa = query.type === types.SOA || query.type === types.ANY;
      return isSoa ? this.#found([this.#soa()]) : this.#noData();
    }
    return this.#answerBelow(query, name, recordsMax);
  }

  #answerBelow(query: Query, name: Name, recordsMax: number): Response {
    const group = this.#options.ofGroup(name.join("."));
    if (group.length > 0) return this.#ofInstances(query, group, name, recordsMax);
    const [service = "", transport] = name;
    if (transport === "_tcp" && service.startsWith("_")) {
      const members = this.#options.ofGroup(name.slice(2).join("."));
      const named = members.filter(
        ({ instance }) => `_${instance.engine}` === service || `_${instance.protocol}` === service,
      );
      if (named.length > 0 && !this.#isTypeOf(query, "SRV")) return this.#nothing("NOERROR");
      if (named.length > 0) return this.#services(query.name, named, name.slice(2), recordsMax);
    }
    for (let split = 1; split < name.length; split++) {
      const id = name.slice(0, split).join(".");
      const members = this.#options.ofGroup(name.slice(split).join("."));
      const one = members.filter(({ instance }) => instance.id.toLowerCase() === id);
      if (one.length > 0) return this.#ofInstances(query, one, name.slice(split), recordsMax);
    }
    return this.#nothing(this.#isAbove(name) ? "NOERROR" : "NXDOMAIN");
  }

  #ofInstances(query: Query, members: readonly InstanceRecord[], group: Name, recordsMax: number): Response {
    const owner = query.name;
    if (query.type === types.SRV) return this.#services(owner, members, group, recordsMax);
    const isOne = group.length < owner.length - this.#options.origin.length;
    const answered = members.filter(isAnswered);
    const host = answered[0]?.instance.host ?? "";
    if (isOne && answered.length > 0 && isIP(host) === 0) {
      const target = nameOf(host);
      return target === undefined
        ? this.#nothing("NOERROR")
        : this.#found([this.#record(owner, { type: "CNAME", target })]);
    }
    const records: ResourceRecord[] = [];
    const seen = new Set<string>();
    for (const { instance } of answered) {
      // Several instances of a host have one address.
      if (seen.has(instance.host)) continue;
      seen.add(instance.host);
      const data = addressData(instance.host);
      if (data === undefined || !this.#isTypeOf(query, data.type)) continue;
      records.push(this.#record(owner, data));
      if (records.length > recordsMax) break;
    }
    if (records.length > 0) return this.#found(records);
    // That somebody is there and has no such record is known, whoever else may come.
    return answered.length > 0 ? this.#noData() : this.#nothing("NOERROR");
  }

  #services(owner: Name, members: readonly InstanceRecord[], group: Name, recordsMax: number): Response {
    const answers: ResourceRecord[] = [];
    const additional: ResourceRecord[] = [];
    for (const { instance } of members.filter(isAnswered)) {
      const { id, host, port, weight, role } = instance;
      const address = addressData(host);
      const target = address === undefined ? nameOf(host) : nameOf(id, [...group, ...this.#options.origin]);
      if (target === undefined) continue;
      const priority = role === "primary" ? 0 : 1;
      answers.push(this.#record(owner, { type: "SRV", priority, weight, port, target }));
      if (address !== undefined) additional.push(this.#record(target, address));
      if (answers.length > recordsMax) break;
    }
    return answers.length > 0 ? { ...this.#found(answers), additional } : this.#nothing("NOERROR");
  }

  /** Whether there is a name below this one: then it exists, and has nothing. */
  #isAbove(name: Name): boolean {
    if (name[0] === "_tcp" && this.#options.ofGroup(name.slice(1).join(".")).length > 0) return true;
    return this.#options.isAboveGroup(name.join("."));
  }

  #isTypeOf({ type }: Query, wanted: keyof typeof types): boolean {
    return type === types[wanted] || type === types.ANY;
  }

  #record(name: Name, data: Data): ResourceRecord {
    return { name, ttlSeconds: this.#options.ttlSeconds, data };
  }

  #soa(): ResourceRecord {
    const { origin, ttlSeconds } = this.#options;
    return this.#record(origin, {
      type: "SOA",
      server: ["ns", ...origin],
      mailbox: ["hostmaster", ...origin],
      minimumSeconds: ttlSeconds,
    });
  }

  #found(answers: readonly ResourceRecord[]): Response {
    return { rcode: "NOERROR", isAuthoritative: true, answers, authority: [], additional: [] };
  }

  /** That there is nothing is worth saying only by a node that has heard of everybody. */
  #nothing(rcode: "NOERROR" | "NXDOMAIN"): Response {
    return this.#options.isSettled() ? this.#noData(rcode) : refusal("SERVFAIL");
  }

  #noData(rcode: Rcode = "NOERROR"): Response {
    return { rcode, isAuthoritative: true, answers: [], authority: [this.#soa()], additional: [] };
  }
}

function refusal(rcode: Rcode): Response {
  return { rcode, isAuthoritative: false, answers: [], authority: [], additional: [] };
}

function isAnswered({ state, instance }: InstanceRecord): boolean {
  return state === "passing" && !instance.draining;
}

/** A host's or an instance's name as labels; undefined when DNS cannot hold it. */
function nameOf(text: string, rest: Name = []): Name | undefined {
  const labels = [...text.toLowerCase().split("."), ...rest];
  const bytes = labels.reduce((sum, label) => sum + label.length + 1, 1);
  const isName = bytes <= 255 && labels.every((label) => label !== "" && label.length <= labelCharsMax);
  return isName ? labels : undefined;
}
