import { problems } from "./problems.ts";

interface Range {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
}

const rangesMax = 32;

/**
 * Which of the media types to answer with (RFC 9110, 12.5.1): the one that `accept` prefers; among equals the first
 * offered.
 *
 * @throws Problem 406 when the client takes none of them.
 */
export function negotiate<Type extends string>(accept: string | undefined, offered: readonly Type[]): Type {
  if (accept === undefined || accept.trim() === "") return offered[0]!;
  const ranges = accept.split(",", rangesMax).flatMap(readRange);
  let best: Type | undefined;
  let bestQuality = 0;
  for (const offer of offered) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  if (best === undefined) throw problems.notAcceptable(`there is: ${offered.join(", ")}`);
  return best;
}

/** The most specific range that matches decides. */
function qualityOf(offer: string, ranges: readonly Range[]): number {
  const [type = "", subtype = ""] = offer.split("/");
  const exact = ranges.find((range) => range.type === type && range.subtype === subtype);
  const ofType = ranges.find((range) => range.type === type && range.subtype === "*");
  const any = ranges.find((range) => range.type === "*" && range.subtype === "*");
  return (exact ?? ofType ?? any)?.quality ?? 0;
}

function readRange(text: string): Range[] {
  const [range = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const [type = "", subtype = ""] = range.split("/");
  if (type === "" || subtype === "") return [];
  const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  const quality = weight === undefined ? 1 : Number(weight);
  return [{ type, subtype, quality: quality >= 0 && quality <= 1 ? quality : 0 }];
}
