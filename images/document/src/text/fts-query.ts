/** The words of a $text search: any of the terms, all of the phrases, none of those with a minus. */
export interface SearchTerms {
  readonly terms: readonly string[];
  readonly phrases: readonly string[];
  readonly negated: readonly string[];
}

export function searchTerms(search: string): SearchTerms {
  const terms: string[] = [];
  const phrases: string[] = [];
  const negated: string[] = [];
  for (const match of search.matchAll(/(-?)"([^"]*)"|(\S+)/g)) {
    if (match[2] !== undefined) {
      if (match[1] === "-") negated.push(match[2]);
      else {
        phrases.push(match[2]);
        terms.push(...words(match[2]));
      }
    } else {
      const word = match[3]!;
      // A minus within a word is a hyphen, and no negation.
      if (word.startsWith("-") && word.length > 1) negated.push(...words(word.slice(1)));
      else terms.push(...words(word));
    }
  }
  return { terms, phrases, negated };
}

export function words(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+/gu) ?? [];
}

/** The search in FTS5's language; empty when nothing is searched for. */
export function ftsQuery({ search }: { readonly search: string }): string {
  const { terms, phrases, negated } = searchTerms(search);
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  if (terms.length === 0 && phrases.length === 0) return "";
  let query =
    phrases.length > 0
      ? phrases.map((phrase) => quote(words(phrase).join(" "))).join(" AND ")
      : terms.map(quote).join(" OR ");
  for (const one of negated) query = `(${query}) NOT ${quote(one)}`;
  return query;
}
