import { createHash } from "node:crypto";
import type { SecurityContext } from "@weftkit/auth";

/** Whose buckets and objects are. */
export interface Account {
  /** The canonical id: 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** Twelve digits, as in ARNs. */
  readonly number: string;
}

/** The account of all users that have none of their own. */
const sharedName = "weftkit";

/** The accounts that there are, by their ids and names. */
export class Accounts {
  readonly shared: Account;
  readonly #byId = new Map<string, Account>();
  readonly #byName = new Map<string, Account>();

  /** `names` are users that are accounts of their own. */
  constructor(names: readonly string[]) {
    for (const name of [sharedName, ...names]) {
      const account = accountNamed(name);
      this.#byId.set(account.id, account);
      this.#byName.set(name, account);
    }
    this.shared = this.#byName.get(sharedName)!;
  }

  of(user: SecurityContext): Account {
    return this.#byName.get(user.user) ?? this.shared;
  }

  byId(id: string): Account | undefined {
    return this.#byId.get(id);
  }

  /** A user whose name is an address of mail can be found by it. */
  byEmail(address: string): Account | undefined {
    return address.includes("@") ? this.#byName.get(address) : undefined;
  }

  nameOf(id: string): string {
    return this.#byId.get(id)?.name ?? "";
  }
}

function accountNamed(name: string): Account {
  const digest = createHash("sha256").update(`weftkit account ${name}`).digest();
  const number = String(digest.readUIntBE(0, 6) % 1_000_000_000_000).padStart(12, "0");
  return { id: digest.toString("hex"), name, number };
}
