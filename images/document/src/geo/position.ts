/** Longitude and latitude in degrees, or x and y on a plane. */
export type Position = readonly [number, number];
