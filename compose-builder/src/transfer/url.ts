/** A place to show: the URL without its password. */
export function hidden(place: string): string {
  return place.replace(/:[^:@/]*@/, "@");
}
