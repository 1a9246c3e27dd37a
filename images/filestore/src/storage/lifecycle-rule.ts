/** A rule of a bucket's lifecycle; JSON. */
export interface LifecycleRule {
  readonly id: string;
  readonly isEnabled: boolean;
  /** How what it is about was written: the old element `Prefix`, or `Filter`. */
  readonly form: "prefix" | "filter";
  readonly prefix?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Exclusive bounds of an object's size. */
  readonly sizeAbove?: number;
  readonly sizeBelow?: number;
  readonly expiration?: {
    readonly days?: number;
    /** Milliseconds since the Unix epoch. */
    readonly date?: number;
    /** Delete markers that are all that is left of an object. */
    readonly lonelyMarkers?: boolean;
  };
  readonly noncurrentExpiration?: { readonly days: number; readonly newerKept?: number };
  readonly transitions?: readonly Transition[];
  readonly noncurrentTransitions?: readonly (Transition & { readonly newerKept?: number })[];
  /** Uploads in parts that are not completed after so many days. */
  readonly abortUploadsDays?: number;
}

export interface Transition {
  readonly days?: number;
  readonly date?: number;
  readonly storageClass: string;
}
