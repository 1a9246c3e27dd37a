import { WeftkitError } from "@weftkit/core";
import {
  binaryElement,
  booleanElement,
  bsonTypes,
  documentElement,
  documentOf,
  intElement,
  textElement,
  writeMsg,
} from "@weftkit/wire-mongo";
import { ScramClient } from "../postgres/scram-client.ts";
import type { MongoLogin } from "./client-login.ts";
import { elementsOf, isTrue, numberOf, readReply } from "./command.ts";
import { MongoPoolError } from "./errors.ts";
import type { MongoLink } from "./mongo-link.ts";

/** A command of the pool's own. */
export function request(elements: readonly Buffer[], database: string): Buffer {
  return writeMsg({ requestId: 1, body: documentOf([...elements, textElement("$db", database)]) });
}

/** Asks a server for its hello: a document. @throws MongoPoolError, WeftkitError */
export async function greet(link: MongoLink): Promise<Buffer> {
  return answerOf(
    await link.ask(request([intElement("hello", 1), booleanElement("helloOk", true)], "admin")),
  );
}

/** Logs in by SCRAM-SHA-256. @throws MongoPoolError with the server's own refusal, WeftkitError */
export async function logIn(link: MongoLink, { user, database, secret }: MongoLogin): Promise<void> {
  const scram = new ScramClient(secret, user);
  const first = await step(link, database, [
    intElement("saslStart", 1),
    textElement("mechanism", "SCRAM-SHA-256"),
    binaryElement("payload", Buffer.from(scram.first())),
    documentElement("options", [booleanElement("skipEmptyExchange", true)]),
  ]);
  const proof = await scram.final(first.payload);
  let answer = await step(link, database, [
    intElement("saslContinue", 1),
    intElement("conversationId", first.conversation),
    binaryElement("payload", Buffer.from(proof)),
  ]);
  scram.verify(answer.payload);
  if (!answer.isDone) {
    answer = await step(link, database, [
      intElement("saslContinue", 1),
      intElement("conversationId", first.conversation),
      binaryElement("payload", Buffer.alloc(0)),
    ]);
  }
  if (!answer.isDone) throw new WeftkitError("malformed_scram", "the server's login does not end");
}

async function step(link: MongoLink, database: string, elements: readonly Buffer[]) {
  const body = answerOf(await link.ask(request(elements, database)));
  let [payload, isDone, conversation] = ["", false, 0];
  for (const element of elementsOf(body, 0, body.length)) {
    if (element.name === "payload" && element.type === bsonTypes.binData)
      payload = body.toString("utf8", element.value + 5, element.end);
    else if (element.name === "done") isDone = isTrue(body, element);
    else if (element.name === "conversationId") conversation = Number(numberOf(body, element) ?? 0n);
  }
  return { payload, isDone, conversation };
}

function answerOf(frame: Buffer): Buffer {
  const { isOk, code, message, body } = readReply(frame);
  if (!isOk) throw new MongoPoolError(code, code === 18 ? "AuthenticationFailed" : "UnknownError", message);
  return body;
}
