import { WeftkitError } from "@weftkit/core";
import type { Store, Transaction } from "@weftkit/store";
import type { AcknowledgeGate } from "../stream.ts";

/**
 * A store whose writes are acknowledged only while the gate is open. One that begins while it is closed is refused; one
 * that is committed when it closes waits until it is open again.
 *
 * @throws WeftkitError `lease_expired`, which after a commit says that the outcome is not known
 */
export function guardedStore(store: Store, gate: AcknowledgeGate): Store {
  const guarded = guardOf(gate);
  return overriding(store, {
    write: (work, options) => guarded(() => store.write(work, options)),
    writeInSlices: (work, options) => guarded(() => store.writeInSlices(work, options)),
    transact: (work, options) => guarded(() => store.transact(work, options)),
    begin: (options) => guardedTransaction(store.begin(options), gate),
  });
}

/** Of a transaction only the commit is waited for. One that has changed nothing is not held back. */
function guardedTransaction(transaction: Transaction, gate: AcknowledgeGate): Transaction {
  const guarded = guardOf(gate);
  return overriding(transaction, {
    commit: (options) =>
      transaction.hasChanges ? guarded(() => transaction.commit(options)) : transaction.commit(options),
  });
}

function guardOf(gate: AcknowledgeGate): <T>(write: () => Promise<T>) => Promise<T> {
  return async (write) => {
    if (!gate.admits) throw leaseExpired(gate);
    const result = await write();
    await new Promise<void>((resolve, reject) => gate.whenOpen(resolve, () => reject(leaseExpired(gate))));
    return result;
  };
}

/** The object with some of its members replaced; the others are its own, called on it. */
function overriding<Target extends object>(target: Target, overrides: Partial<Target>): Target {
  const bound = new Map<PropertyKey, unknown>(Object.entries(overrides));
  return new Proxy(target, {
    get(_, key) {
      if (bound.has(key)) return bound.get(key);
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      const method: unknown = value.bind(target);
      // What can be set is read again each time.
      if (!Object.hasOwn(target, key)) bound.set(key, method);
      return method;
    },
    set: (_, key, value) => Reflect.set(target, key, value, target),
  });
}

function leaseExpired({ reason }: AcknowledgeGate): WeftkitError {
  return new WeftkitError("lease_expired", reason);
}
