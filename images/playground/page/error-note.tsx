import type { ErrorBody } from "../src/api.ts";

/** What an engine said, in its own words. */
export function ErrorNote({ error }: { error: ErrorBody["error"] }) {
  return (
    <div class="note error" role="alert">
      <strong>{error.engineCode ?? error.code}</strong> {error.message}
      {error.position !== undefined && <small>at character {error.position}</small>}
      {error.detail !== undefined && <small>{error.detail}</small>}
      {error.hint !== undefined && <small>Hint: {error.hint}</small>}
    </div>
  );
}
