import { messageHeaderBytes } from "@weftkit/wire-postgres";
import { type Filter, FrameFilter } from "./frame-filter.ts";

const backendKeyData = 0x4b;
const readyForQuery = 0x5a;
const errorResponse = 0x45;
/** Number and key: 4 bytes each, and up to 256 of the key from 3.2 on. */
const keyMessageBytesMax = messageHeaderBytes + 4 + 256;

/** Finds the key that cancels a session's statements in what the server says before the session begins. */
export function postgresKeys(found: (processId: number, key: Buffer) => void): Filter {
  const filter: FrameFilter = new FrameFilter({
    lengthBytes: () => messageHeaderBytes,
    lengthOf: (head) => {
      const length = head.readInt32BE(1);
      return length < 4 ? undefined : length + 1;
    },
    lookBytes: () => messageHeaderBytes,
    look: (head) => {
      if (head[0] === readyForQuery || head[0] === errorResponse) filter.stop();
      return head[0] === backendKeyData;
    },
    replace: (message) => {
      // A session has one: whoever sends more is not noted more than once.
      filter.stop();
      if (message.length > messageHeaderBytes + 4) found(message.readInt32BE(5), message.subarray(9));
      return message;
    },
    heldBytesMax: keyMessageBytesMax,
  });
  return filter;
}
