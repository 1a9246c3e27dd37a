import { createHmac, randomBytes } from "node:crypto";
import { ScramExchange, type ScramVerifier, unmatchableVerifier } from "@weftkit/auth";
import { WeftkitError } from "@weftkit/core";
import { binaryElement, booleanElement, bsonTypes, intElement } from "@weftkit/wire-mongo";
import type { ScramSecret } from "../postgres/scram-client.ts";
import type { Secret } from "../postgres/users-file.ts";
import { elementsOf, isTrue, textOf } from "./command.ts";
import { mongoErrors } from "./errors.ts";

/** As whom the pool logs in at servers; undefined is nobody. */
export interface MongoLogin {
  readonly user: string;
  readonly database: string;
  readonly secret: ScramSecret;
}

/** Names that nobody has get a salt as well, the same one each time. */
const saltKey = randomBytes(32);

/** One login of a client by SCRAM-SHA-256: 1. `start` 2. `next` until it is done */
export class ClientLogin {
  readonly #secretOf: (user: string) => Secret | undefined;
  #exchange: ScramExchange<Secret> | undefined;
  #verifier: ScramVerifier | undefined;
  #user = "";
  #database = "";
  #skipsEmptyExchange = false;
  #proved: MongoLogin | undefined;

  constructor(secretOf: (user: string) => Secret | undefined) {
    this.#secretOf = secretOf;
  }

  /** Set when the client has proved who it is and no more is to come. */
  login: MongoLogin | undefined;

  /** saslStart, of which `database` is the one that the user is of. @throws MongoPoolError */
  async start(body: Buffer, database: string): Promise<readonly Buffer[]> {
    let [mechanism, payload] = ["", ""];
    this.#database = database;
    for (const element of elementsOf(body, 0, body.length)) {
      if (element.name === "mechanism") mechanism = textOf(body, element) ?? "";
      else if (element.name === "payload") payload = payloadOf(body, element);
      else if (element.name === "db") this.#database = textOf(body, element) ?? database;
      else if (element.name === "options" && element.type === bsonTypes.object) {
        for (const option of elementsOf(body, element.value, element.end))
          if (option.name === "skipEmptyExchange") this.#skipsEmptyExchange = isTrue(body, option);
      }
    }
    if (mechanism !== "SCRAM-SHA-256") throw mongoErrors.mechanism(mechanism);
    const name = /^[^,]*,[^,]*,n=([^,]*),/.exec(payload)?.[1] ?? "";
    this.#user = name.replaceAll("=2C", ",").replaceAll("=3D", "=");
    const secret = this.#secretOf(this.#user);
    const verifier = await secret?.verifier();
    const salt = createHmac("sha256", saltKey).update(this.#user).digest().subarray(0, 16);
    this.#verifier = verifier ?? unmatchableVerifier(salt);
    const account = { verifier: this.#verifier, context: verifier === undefined ? undefined : secret };
    this.#exchange = new ScramExchange<Secret>(() => account);
    return this.#answer(
      this.#step(() => this.#exchange!.first(payload)),
      false,
    );
  }

  /** saslContinue. @throws MongoPoolError */
  next(body: Buffer): readonly Buffer[] {
    let payload = "";
    for (const element of elementsOf(body, 0, body.length))
      if (element.name === "payload") payload = payloadOf(body, element);
    if (this.#proved !== undefined) {
      this.login = this.#proved;
      return this.#answer("", true);
    }
    const outcome = this.#step(() => this.#exchange!.final(payload));
    if (outcome === undefined) throw mongoErrors.badLogin();
    const secret = outcome.context;
    this.#proved = {
      user: this.#user,
      database: this.#database,
      secret:
        secret.kind === "password"
          ? { password: secret.text }
          : { clientKey: outcome.clientKey, serverKey: this.#verifier!.serverKey },
    };
    if (this.#skipsEmptyExchange) this.login = this.#proved;
    return this.#answer(outcome.message, this.#skipsEmptyExchange);
  }

  #step<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      // What was malformed is told to nobody who may only be guessing.
      if (error instanceof WeftkitError && error.code === "malformed_scram") throw mongoErrors.badLogin();
      throw error;
    }
  }

  #answer(message: string, isDone: boolean): readonly Buffer[] {
    return [
      intElement("conversationId", 1),
      booleanElement("done", isDone),
      binaryElement("payload", Buffer.from(message)),
    ];
  }
}

function payloadOf(
  body: Buffer,
  { type, value, end }: { readonly type: number; readonly value: number; readonly end: number },
): string {
  return type === bsonTypes.binData ? body.toString("utf8", value + 5, end) : "";
}
