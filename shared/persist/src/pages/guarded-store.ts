import { WeftkitError } from "@weftkit/core";
import type { Store } from "@weftkit/store";
import type { AcknowledgeGate } from "../stream.ts";

/**
 * A store whose writes are acknowledged only while the gate is open. One that begins while it is closed is refused; one
 * that is committed when it closes waits until it is open again.
 *
 * @throws WeftkitError `lease_expired`, which after a commit says that the outcome is not known
 */
export function guardedStore(store: Store, gate: AcknowledgeGate): Store {
  const refuseWhenClosed = () => {
    if (!gate.admits) throw leaseExpired(gate);
  };
  const acknowledged = async <T>(written: Promise<T>): Promise<T> => {
    const result = await written;
    await new Promise<void>((resolve, reject) => gate.whenOpen(resolve, () => reject(leaseExpired(gate))));
    return result;
  };
  return {
    file: store.file,
    async write(work, options) {
      refuseWhenClosed();
      return await acknowledged(store.write(work, options));
    },
    async writeInSlices(work, options) {
      refuseWhenClosed();
      return await acknowledged(store.writeInSlices(work, options));
    },
    read: (work, options) => store.read(work, options),
    snapshot: (options) => store.snapshot(options),
    exclusively: (work, options) => store.exclusively(work, options),
    get walBytes() {
      return store.walBytes;
    },
    get onWalGrowth() {
      return store.onWalGrowth;
    },
    set onWalGrowth(listener) {
      store.onWalGrowth = listener;
    },
    close: (deadline) => store.close(deadline),
  };
}

function leaseExpired({ reason }: AcknowledgeGate): WeftkitError {
  return new WeftkitError("lease_expired", reason);
}
