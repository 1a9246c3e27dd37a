/** What $text asks for. */
export interface TextSearch {
  readonly search: string;
  readonly language: string | undefined;
  readonly isCaseSensitive: boolean;
  readonly isDiacriticSensitive: boolean;
}

/** Of a text index: the weights of its fields, and languages. */
export interface TextIndex {
  readonly weights: ReadonlyMap<string, number>;
  readonly defaultLanguage: string;
  readonly languageOverride: string;
  readonly isOfAllFields: boolean;
}
