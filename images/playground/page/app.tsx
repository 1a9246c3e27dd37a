import { useEffect } from "preact/hooks";
import type { SessionInfo } from "../src/api.ts";
import { get } from "./api-client.ts";
import { Login } from "./login.tsx";
import { Shell } from "./shell.tsx";
import { session } from "./state.ts";

/** Who is logged in decides what there is. */
export function App() {
  useEffect(() => {
    get<SessionInfo>("api/session").then(
      (info) => {
        session.value = info;
      },
      () => {
        session.value = null;
      },
    );
  }, []);
  if (session.value === undefined) return <main class="splash" aria-busy="true" />;
  return session.value === null ? <Login /> : <Shell />;
}
