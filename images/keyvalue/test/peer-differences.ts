import type { Difference } from "./peer-client.ts";

/** A kind of difference from a peer that was looked up, and what decides it. */
interface Decision {
  readonly ours: RegExp;
  readonly peers: RegExp;
  readonly why: string;
}

const ofParser = /^400 SerializationException: /;

/**
 * From dynoxide 3.2.0, on 2026-11-30. What AWS's parser says was recorded by dynalite's tests (`assertType`), which send each member by
 * itself; the documentation has no words for it.
 */
const decisions: readonly Decision[] = [
  {
    ours: ofParser,
    peers: /^400 ValidationException: /,
    why: "AWS reads all of a request before it looks at what a member may be, or whether one is missing",
  },
  {
    ours: ofParser,
    peers: /at line \d+ column \d+$/,
    why: "the words of a JSON library, not AWS's",
  },
  {
    ours: ofParser,
    peers: /^400 SerializationException: (?:sequence)?$/,
    why: "the words of a JSON library, or none",
  },
  {
    ours: /(?:NUMBER|DECIMAL)_VALUE cannot be converted|Unrecognized collection|not expected|only base-64/,
    peers: /(?:TRUE|NUMBER|STRING)_VALUE cannot be converted to (?:String|Long)$/,
    why: "AWS names the value that it has read: 1.5 is a DECIMAL_VALUE, a list a collection",
  },
  {
    ours: /Unrecognized collection|Unexpected value type|Start of structure/,
    peers:
      /Start of structure or map found|Unexpected field type$|Unexpected value type|ParameterizedTypeImpl|^200 /,
    why: "AWS tells a list from an object, and what is inside of a list from what is a member",
  },
  {
    ours: /Unexpected field type|cannot be converted to Boolean|Unrecognized collection/,
    peers: /Unexpected token received from parser$/,
    why: "AWS says this of texts that are no booleans, and of nothing else",
  },
];

export function isDecided({ ours, peers }: Difference): boolean {
  return decisions.some((decision) => decision.ours.test(ours) && decision.peers.test(peers));
}
