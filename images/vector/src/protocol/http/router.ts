/** A place in a tree of paths: the routes that end there, by method, and what may follow. */
interface Place<T> {
  readonly routes: Map<string, T>;
  readonly named: Map<string, Place<T>>;
  /** What any part leads to, and what it is called. */
  any: { readonly name: string; readonly place: Place<T> } | undefined;
}

export type Found<T> =
  | { readonly route: T; readonly params: Readonly<Record<string, string>> }
  /** The methods that there are. */
  | { readonly allowed: readonly string[] };

function newPlace<T>(): Place<T> {
  return { routes: new Map(), named: new Map(), any: undefined };
}

/** Finds the route of a method and a path: `/collections/{name}/points`; a part that is named goes before one that is not. */
export class Router<T> {
  readonly #root = newPlace<T>();

  add(method: string, path: string, route: T): void {
    let place = this.#root;
    for (const part of path.split("/").filter((one) => one !== "")) {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (name === undefined) {
        let next = place.named.get(part);
        if (next === undefined) {
          next = newPlace();
          place.named.set(part, next);
        }
        place = next;
      } else {
        place.any ??= { name, place: newPlace() };
        place = place.any.place;
      }
    }
    place.routes.set(method, route);
  }

  find(method: string, path: readonly string[]): Found<T> | undefined {
    const found = this.#walk(this.#root, method, path, 0, {});
    return found;
  }

  #walk(
    place: Place<T>,
    method: string,
    path: readonly string[],
    at: number,
    params: Readonly<Record<string, string>>,
  ): Found<T> | undefined {
    const part = path[at];
    if (part === undefined) {
      const route = place.routes.get(method);
      if (route !== undefined) return { route, params };
      return place.routes.size === 0 ? undefined : { allowed: [...place.routes.keys()] };
    }
    const named = place.named.get(part);
    const first = named === undefined ? undefined : this.#walk(named, method, path, at + 1, params);
    if (first !== undefined && "route" in first) return first;
    if (place.any === undefined) return first;
    const second = this.#walk(place.any.place, method, path, at + 1, { ...params, [place.any.name]: part });
    return second !== undefined && "route" in second ? second : (first ?? second);
  }
}
