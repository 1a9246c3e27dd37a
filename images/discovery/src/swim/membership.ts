import { hashOf, isPresent, type Member, type MemberState, type Update } from "./member.ts";
import { membersMax } from "./policy.ts";

/** The other members that one knows of, and in which order they are chosen. */
export class Membership {
  readonly #random: () => number;
  readonly #selfHash: number;
  readonly #byName = new Map<string, Member>();
  /** Those that take part, in no order. */
  readonly #present: Member[] = [];
  /** Where each stands in `#present`. */
  readonly #places = new Map<Member, number>();
  /** Who is probed next: everybody once, in a random order, then in another. */
  #round: Member[] = [];
  #neighbour: Member | undefined;
  #isNeighbourKnown = false;

  constructor(self: string, random: () => number) {
    this.#random = random;
    this.#selfHash = hashOf(self);
  }

  get(name: string): Member | undefined {
    return this.#byName.get(name);
  }

  all(): IterableIterator<Member> {
    return this.#byName.values();
  }

  /** All that take part, this one included. */
  get size(): number {
    return this.#present.length + 1;
  }

  /** A new member; undefined when there are too many. */
  add({ name, address, incarnation, state }: Update, nowMs: number): Member | undefined {
    if (this.#byName.size >= membersMax) return undefined;
    const member: Member = {
      name,
      hash: hashOf(name),
      address,
      incarnation,
      state,
      suspicion: undefined,
      goneAtMs: nowMs,
    };
    this.#byName.set(name, member);
    if (isPresent(member)) this.#enter(member);
    return member;
  }

  changeState(member: Member, state: MemberState): void {
    const wasPresent = isPresent(member);
    member.state = state;
    if (isPresent(member) && !wasPresent) this.#enter(member);
    if (!isPresent(member) && wasPresent) this.#leave(member);
  }

  forget(member: Member): void {
    if (isPresent(member)) this.#leave(member);
    this.#byName.delete(member.name);
  }

  /** Who comes next on the ring of names; everybody is looked after by exactly one member, so that nobody waits for chance. */
  neighbour(): Member | undefined {
    if (this.#isNeighbourKnown) return this.#neighbour;
    let best: Member | undefined;
    let bestDistance = Number.POSITIVE_INFINITY;
    for (const member of this.#present) {
      const distance = (member.hash - this.#selfHash) >>> 0;
      if (distance < bestDistance) [best, bestDistance] = [member, distance];
    }
    this.#neighbour = best;
    this.#isNeighbourKnown = true;
    return best;
  }

  /** Everybody in turn. */
  nextOfRound(): Member | undefined {
    for (;;) {
      const member = this.#round.pop();
      if (member === undefined) {
        if (this.#present.length === 0) return undefined;
        this.#round = shuffled(this.#present, this.#random);
      } else if (isPresent(member)) return member;
    }
  }

  /** Up to `count` members that take part, each once. */
  pick(count: number, except?: Member): Member[] {
    const picked: Member[] = [];
    const all = this.#present;
    const wanted = Math.min(count, all.length - (except !== undefined && isPresent(except) ? 1 : 0));
    if (wanted * 3 >= all.length) {
      return shuffled(all, this.#random)
        .filter((member) => member !== except)
        .slice(0, wanted);
    }
    while (picked.length < wanted) {
      const member = all[Math.floor(this.#random() * all.length)]!;
      if (member !== except && !picked.includes(member)) picked.push(member);
    }
    return picked;
  }

  #enter(member: Member): void {
    this.#places.set(member, this.#present.length);
    this.#present.push(member);
    this.#round.splice(Math.floor(this.#random() * (this.#round.length + 1)), 0, member);
    this.#isNeighbourKnown = false;
  }

  #leave(member: Member): void {
    const place = this.#places.get(member)!;
    const last = this.#present.pop()!;
    this.#places.delete(member);
    if (last !== member) {
      this.#present[place] = last;
      this.#places.set(last, place);
    }
    this.#isNeighbourKnown = false;
  }
}

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  const shuffled = [...all];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}
