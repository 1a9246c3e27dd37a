import { type Clock, systemClock, WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { contractErrors, type ErrorReply, type Limits } from "../contract/messages.ts";
import { isKeyId } from "../contract/names.ts";
import { partBytesCeiling } from "../contract/parse-messages.ts";
import { clockWindowMs, type SigningKey, sha256, signReply } from "../contract/signing.ts";
import { type Authenticated, authenticate } from "./authenticate.ts";
import { ContractFailure } from "./contract-failure.ts";
import type { FunctionReply, FunctionRequest } from "./function-request.ts";
import type { ObjectStore } from "./object-store.ts";
import type { ObjectAges } from "./operation.ts";
import { type Answer, dispatch } from "./routes.ts";

/** What a function is made of. */
export interface HandlerOptions {
  readonly store: ObjectStore;
  /** The current key, and the previous one while keys rotate. */
  readonly keys: readonly SigningKey[];
  readonly log: Pick<Logger, "info" | "warn" | "error" | "debug">;
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  readonly ages?: Partial<ObjectAges>;
  /** More requests at the same time are told to come later. Each holds its body in memory. */
  readonly concurrentMax?: number;
}

/** A function of WKP-1, on any platform: it never rejects. */
export type Handler = (request: FunctionRequest) => Promise<FunctionReply>;

const defaultLimits: Limits = {
  partBytesMax: partBytesCeiling,
  requestBytesMax: 4 * 1024 * 1024,
  leaseMs: 60_000,
};
const defaultAges: ObjectAges = { pruneAfterMs: 24 * 3_600_000, reuseWithinMs: 18 * 3_600_000 };
const defaultConcurrentMax = 32;
const retryAfterSeconds = 1;

/**
 * Makes the function. Every request is authenticated by its headers before its body is read; every reply to one that
 * was is signed, errors too.
 *
 * @throws WeftkitError `bad_key` when there is no usable key
 */
export function createHandler(options: HandlerOptions): Handler {
  const { store, keys, log, clock = systemClock, concurrentMax = defaultConcurrentMax } = options;
  if (keys.length === 0 || keys.some(({ id, secret }) => !isKeyId(id) || secret === "")) {
    throw new WeftkitError(
      "bad_key",
      "the function needs at least one signing key, each with an id and a secret",
    );
  }
  const limits = { ...defaultLimits, ...options.limits };
  const ages = { ...defaultAges, ...options.ages };
  let active = 0;

  const serve = async (request: FunctionRequest, signed: Authenticated): Promise<Answer> => {
    if (Math.abs(clock.wallMs() - signed.fields.timestamp) > clockWindowMs) {
      throw new ContractFailure(
        "clock_skew",
        "the request's time is more than 5 minutes from the function's",
      );
    }
    if (active >= concurrentMax) throw new ContractFailure("too_many_requests", "too many requests at once");
    active++;
    try {
      return await dispatch(request, signed, { store, limits, ages, clock });
    } finally {
      active--;
    }
  };

  return async (request) => {
    const signed = authenticate(keys, request);
    if (signed === undefined) {
      log.debug(
        { method: request.method.slice(0, 16) },
        "a request was not signed with a key of this function",
      );
      const failure = new ContractFailure(
        "bad_signature",
        "the request is not signed with a key that is known here",
      );
      return unsigned(errorAnswer(failure, clock));
    }
    const startedMs = clock.monotonicMs();
    const what = { subtree: signed.fields.subtree, path: signed.path, action: signed.query.action };
    let answer: Answer;
    try {
      answer = await serve(request, signed);
      log.debug({ ...what, status: answer.status, ms: clock.monotonicMs() - startedMs }, "served");
    } catch (error) {
      const failure = asFailure(error);
      const { status } = contractErrors[failure.code];
      const level = status >= 500 ? "error" : "warn";
      const why = failure.cause === undefined ? { why: failure.message } : { err: failure.cause };
      log[level]({ ...what, code: failure.code, status, ...why }, "refused");
      answer = errorAnswer(failure, clock);
    }
    const signature = signReply(
      signed.key,
      signed.fields.nonce,
      answer.status,
      answer.sha256 ?? sha256(answer.body),
    );
    return unsigned(answer, signature);
  };
}

/** Unsigned, as there is no key to sign with (yet): clients take it for an outage and come again. */
export function unavailableReply(clock: Clock = systemClock): FunctionReply {
  return unsigned(errorAnswer(new ContractFailure("unavailable", "the function is not ready"), clock));
}

function asFailure(error: unknown): ContractFailure {
  if (error instanceof ContractFailure) return error;
  if (error instanceof WeftkitError && error.code === "malformed") {
    return new ContractFailure("bad_request", error.message);
  }
  return new ContractFailure("unavailable", "the function has failed; its log says why", { cause: error });
}

function errorAnswer({ code, message, details }: ContractFailure, clock: Clock): Answer {
  const { status, retryable } = contractErrors[code];
  const reply: ErrorReply = { code, message, retryable, serverTime: clock.wallMs(), ...details };
  return { status, type: "application/json", body: Buffer.from(JSON.stringify(reply)) };
}

function unsigned(answer: Answer, signature: Readonly<Record<string, string>> = {}): FunctionReply {
  const { status, type, body } = answer;
  const isLater = status === 429 || status === 503;
  return {
    status,
    headers: {
      "cache-control": "no-store",
      ...(type !== undefined && { "content-type": type }),
      ...(isLater && { "retry-after": String(retryAfterSeconds) }),
      ...signature,
    },
    body,
  };
}
