import type { TextKey } from "./key-bytes.ts";
import type { TextOrder } from "./order.ts";

/** How texts are compared by an operation or an index, made of a collation document. */
export interface Collation {
  readonly locale: string;
  readonly strength: number;
  readonly caseLevel: boolean;
  readonly caseFirst: "off" | "upper" | "lower";
  readonly numericOrdering: boolean;
  readonly alternate: "non-ignorable" | "shifted";
  readonly maxVariable: "punct" | "space";
  readonly normalization: boolean;
  readonly backwards: boolean;
  readonly order: TextOrder;
  /** Equal for texts that the collation takes for equal. */
  readonly key: TextKey;
}

export type CollationOptions = Omit<Collation, "order" | "key">;

/** The collation of these options, by ICU through `Intl`. */
export function makeCollation(options: CollationOptions): Collation {
  const { strength, caseLevel, numericOrdering, caseFirst, alternate } = options;
  const sensitivity = strength === 1 ? (caseLevel ? "case" : "base") : strength === 2 ? "accent" : "variant";
  const collator = new Intl.Collator(options.locale.replaceAll("_", "-").replace(/@.*$/, ""), {
    sensitivity,
    numeric: numericOrdering,
    caseFirst: caseFirst === "off" ? "false" : caseFirst,
    ignorePunctuation: alternate === "shifted",
  });
  const isIdentical = strength === 5;
  return {
    ...options,
    order: isIdentical
      ? (a, b) => collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0)
      : (a, b) => collator.compare(a, b),
    key: (text) => foldedText(text, options),
  };
}

/** ICU's own keys cannot be had from JavaScript: what its strengths leave out is taken out of the text itself. */
function foldedText(
  text: string,
  { strength, caseLevel, numericOrdering, alternate }: CollationOptions,
): string {
  let folded = text.normalize("NFKD");
  if (strength === 1) folded = folded.replace(/\p{M}+/gu, "");
  if (strength <= 2 && !caseLevel) folded = folded.toLowerCase().replaceAll("ß", "ss");
  if (alternate === "shifted") folded = folded.replace(/[\p{P}\s]+/gu, "");
  if (numericOrdering) folded = folded.replace(/\d+/g, (digits) => digits.replace(/^0+(?=\d)/, ""));
  return folded;
}
