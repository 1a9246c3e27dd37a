import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { errorBody } from "./api-client.ts";

/** A page that is loaded when it is opened first. */
export function Lazily({ load }: { load(): Promise<ComponentType> }) {
  const [found, setFound] = useState<{ page: ComponentType }>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    load().then(
      (page) => setFound({ page }),
      (failure) => setError(errorBody(failure).message),
    );
  }, [load]);
  if (error !== undefined) {
    return (
      <p class="error" role="alert">
        {error}
      </p>
    );
  }
  return found === undefined ? null : <found.page />;
}
