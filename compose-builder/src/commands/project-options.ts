/** What `weftkit compose` and `weftkit k8s` have in common: what is written, and where to. */
export interface ProjectOptions {
  readonly engines?: string;
  readonly with?: string;
  readonly out: string;
  readonly project?: string;
  readonly registry: string;
  readonly tag: string;
  readonly force?: true;
  readonly json?: true;
}
