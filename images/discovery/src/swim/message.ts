import type { Address, Update } from "./member.ts";

/** A statement of whoever uses the membership, which travels with its gossip. */
export interface Note {
  /** A newer note with this key takes its place. */
  readonly key: string;
  readonly body: Uint8Array;
}

interface From {
  readonly from: { readonly name: string; readonly incarnation: number };
  readonly updates: readonly Update[];
  readonly notes: readonly Note[];
}

/** What one datagram says. */
export type Message = From &
  (
    | { readonly kind: "ping"; readonly sequence: number; readonly target: string }
    | {
        readonly kind: "ping_request";
        readonly sequence: number;
        readonly target: string;
        readonly address: Address;
      }
    | { readonly kind: "ack"; readonly sequence: number }
    /** To a ping_request: asked, and no answer came. */
    | { readonly kind: "nack"; readonly sequence: number }
    | { readonly kind: "gossip" }
    /** All that is known; over a stream, as it has no bound of a datagram. */
    | { readonly kind: "exchange"; readonly isReply: boolean }
  );

export type MessageBody = Message extends infer M ? (M extends Message ? Omit<M, keyof From> : never) : never;
