import { exactInt64, toDouble } from "../bson/numbers.ts";
import { isNumeric } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { failedToParse, MongoError } from "../errors.ts";

/** What a command is to fail with. */
export interface Failure {
  readonly error: MongoError | undefined;
  readonly closesConnection: boolean;
  readonly blockMs: number;
  readonly writeConcernError: Doc | undefined;
  /** Given by the test in place of the server's own. */
  readonly labels: readonly string[] | undefined;
}

interface FailPoint {
  left: number;
  readonly commands: readonly string[];
  readonly appName: string | undefined;
  readonly failure: Failure;
}

/** Of the fail point onPrimaryTransactionalWrite: before a write is done with a code, or after it by the connection's end. */
export interface WriteFailure {
  left: number;
  /** So many statements are done before. */
  skip: number;
  readonly code: number | undefined;
  readonly closesConnection: boolean;
}

/** The fail point `failCommand`, for tests of drivers; only there when the configuration allows it. */
export class FailPoints {
  #failCommand: FailPoint | undefined;
  #write: WriteFailure | undefined;

  #getMore: { left: number; readonly code: number } | undefined;

  /** @throws MongoError */
  configure(body: Doc): void {
    const name = body.get("configureFailPoint");
    if (name === "onPrimaryTransactionalWrite") {
      this.#configureWrite(body);
      return;
    }
    if (name === "failGetMoreAfterCursorCheckout") {
      this.#configureGetMore(body);
      return;
    }
    if (name !== "failCommand") throw new MongoError(2, `Fail point not found: ${String(name)}`);
    const mode = body.get("mode");
    const left = timesOf(mode);
    if (left === 0) {
      this.#failCommand = undefined;
      return;
    }
    const data = body.get("data");
    if (!(data instanceof Doc)) throw failedToParse("data must be an object");
    const commands = data.get("failCommands");
    const [code, block, labels] = [data.get("errorCode"), data.get("blockTimeMS"), data.get("errorLabels")];
    const appName = data.get("appName");
    const concern = data.get("writeConcernError");
    this.#failCommand = {
      left,
      commands: Array.isArray(commands) ? commands.map(String) : [],
      appName: typeof appName === "string" ? appName : undefined,
      failure: {
        error: isNumeric(code)
          ? new MongoError(toDouble(code), "Failing command via 'failCommand' failpoint")
          : undefined,
        closesConnection: data.get("closeConnection") === true,
        blockMs: data.get("blockConnection") === true && isNumeric(block) ? toDouble(block) : 0,
        writeConcernError: concern instanceof Doc ? concern : undefined,
        labels: Array.isArray(labels) ? labels.map(String) : undefined,
      },
    };
  }

  #configureGetMore(body: Doc): void {
    const left = timesOf(body.get("mode"));
    const data = body.get("data");
    const code = data instanceof Doc ? data.get("errorCode") : undefined;
    this.#getMore = left === 0 || !isNumeric(code) ? undefined : { left, code: toDouble(code) };
  }

  /** What a getMore that has found its cursor is to fail with. */
  takeGetMore(): MongoError | undefined {
    const point = this.#getMore;
    if (point === undefined) return undefined;
    point.left--;
    if (point.left <= 0) this.#getMore = undefined;
    return new MongoError(point.code, "Failing getMore via 'failGetMoreAfterCursorCheckout' failpoint");
  }

  #configureWrite(body: Doc): void {
    const mode = body.get("mode");
    const skip = mode instanceof Doc ? exactInt64(mode.get("skip")) : undefined;
    const left = skip === undefined ? timesOf(mode) : Number.POSITIVE_INFINITY;
    const data = body.get("data");
    const given = data instanceof Doc ? data : Doc.empty();
    const code = given.get("failBeforeCommitExceptionCode");
    this.#write =
      left === 0
        ? undefined
        : {
            left,
            skip: Number(skip ?? 0n),
            code: isNumeric(code) ? toDouble(code) : undefined,
            closesConnection: given.get("closeConnection") !== false,
          };
  }

  /** What a retryable write of so many statements is to fail with. */
  failureOfWrite(statements: number): WriteFailure | undefined {
    return this.#write === undefined || this.#write.skip >= statements ? undefined : this.#write;
  }

  /** A retryable write was done, or has failed as it was asked to. */
  countWrite(statements: number): void {
    const point = this.#write;
    if (point === undefined) return;
    point.skip -= statements;
    if (point.skip >= 0) return;
    point.skip = 0;
    point.left--;
    if (point.left <= 0) this.#write = undefined;
  }

  /** What this call of a command is to fail with. */
  take(command: string, appName: string | undefined): Failure | undefined {
    const point = this.#failCommand;
    if (point === undefined || command === "configureFailPoint") return undefined;
    if (!point.commands.includes(command)) return undefined;
    if (point.appName !== undefined && point.appName !== appName) return undefined;
    point.left--;
    if (point.left <= 0) this.#failCommand = undefined;
    return point.failure;
  }
}

function timesOf(mode: Value | undefined): number {
  if (mode === "off") return 0;
  if (mode === "alwaysOn") return Number.POSITIVE_INFINITY;
  const times = mode instanceof Doc ? exactInt64(mode.get("times")) : undefined;
  if (times === undefined) throw failedToParse("unknown 'mode' of a fail point");
  return Number(times);
}
