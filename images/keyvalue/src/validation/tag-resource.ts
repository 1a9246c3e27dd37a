export interface TagInput {
  readonly Key: string;
  readonly Value: string;
}
