import { useState } from "preact/hooks";
import { errorBody, logIn } from "./api-client.ts";
import { Mark } from "./mark.tsx";

export function Login() {
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      await logIn(String(data.get("user")), String(data.get("password")));
    } catch (failure) {
      setError(errorBody(failure).message);
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form onSubmit={submit}>
        <h1>
          <Mark /> WeftKit playground
        </h1>
        <label>
          User
          <input name="user" autocomplete="username" autocapitalize="none" spellcheck={false} required />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" />
        </label>
        <p class="error" role="alert">
          {error}
        </p>
        <button type="submit" class="primary" disabled={isBusy}>
          Log in
        </button>
        <p class="hint">Engines are asked with this user and password: what they allow is what you may.</p>
      </form>
    </main>
  );
}
