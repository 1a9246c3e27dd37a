import { WeftkitError } from "@weftkit/core";
import type { exitCodes } from "../exit-codes.ts";
import { Failure } from "../terminal/failure.ts";

interface Advice {
  readonly exit: keyof typeof exitCodes;
  readonly hint: string;
}

const storeAdvice: Advice = {
  exit: "unavailable",
  hint: "The function answers, but cannot read its store, or what it reads there is damaged: its own log says more, and `weftkit persist verify --all` names what.",
};
const damageAdvice: Advice = {
  exit: "failed",
  hint: "`weftkit persist verify --all` names what is damaged, and which state is the newest whole one.",
};

/** What to do after an error of the endpoint, of the contract or of what pieces hold. */
const advice: Readonly<Record<string, Advice>> = {
  unreachable: {
    exit: "unavailable",
    hint: "Is the function running, and is the URL right? GET <url>/readyz says whether it serves.",
  },
  bad_url: { exit: "usage", hint: "For example --url https://state.example.com/wkp." },
  bad_signature: {
    exit: "failed",
    hint: "Secret and key id must be those that the function has: compare --secret-file and --key-id with its WKP_SECRET and WKP_KEY_ID.",
  },
  clock_skew: { exit: "failed", hint: "This machine's clock and the function's differ by over 5 minutes." },
  forged_reply: {
    exit: "failed",
    hint: "What answers there is no WKP-1 function with this secret. `weftkit persist conformance` tells what it does instead.",
  },
  bad_request: {
    exit: "failed",
    hint: "`weftkit persist conformance` tells what the endpoint does not know.",
  },
  store_failed: storeAdvice,
  unavailable: storeAdvice,
  too_many_requests: { exit: "unavailable", hint: "The function is busy; try again later." },
  not_found: { exit: "failed", hint: "`weftkit persist ls` shows every state that can be restored." },
  fenced: {
    exit: "failed",
    hint: "An engine has claimed the subtree meanwhile. Nothing is wrong; try again.",
  },
  head_moved: { exit: "failed", hint: "An engine has pushed meanwhile. Nothing is wrong; try again." },
  encryption_key_invalid: {
    exit: "usage",
    hint: "Add --encryption-key-file FILE: the key that the engine has.",
  },
  decryption_failed: { exit: "failed", hint: "Is it the key that the engine has, and was nothing changed?" },
  piece_damaged: damageAdvice,
  damaged: damageAdvice,
  hash_mismatch: damageAdvice,
  chain_broken: damageAdvice,
};

/** Runs work that talks to an endpoint; what it fails with says what to do next. */
export async function advised<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known =
      error instanceof WeftkitError && !(error instanceof Failure) ? advice[error.code] : undefined;
    if (known === undefined) throw error;
    throw new Failure(known.exit, (error as Error).message, known.hint);
  }
}
