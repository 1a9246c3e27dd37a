/** What $near and $nearSphere ask for: those that are nearest to a place. */
export interface NearQuery {
  readonly longitude: number;
  readonly latitude: number;
  readonly isSpherical: boolean;
  /** Metres on the sphere, else the units of the coordinates. */
  readonly min: number;
  readonly max: number;
}
