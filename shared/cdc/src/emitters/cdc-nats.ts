import type { Emitter, OutgoingEvent } from "../event.ts";
import { RefusedError } from "../refused-error.ts";
import { answerMs, type BrokerOptions } from "./connection.ts";
import { NatsConnection } from "./nats-connection.ts";

/** Publishes events to a JetStream stream, which is made when none takes the subject. */
export async function openEmitter(options: BrokerOptions): Promise<Emitter> {
  const connection = await connectToOne(options);
  try {
    const pattern = options.topic.replaceAll("{namespace}", "\u0000");
    await requireStream(connection, subjectOf(pattern).replaceAll("\u0000", ">"));
    return new NatsEmitter(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The first server that is there. */
async function connectToOne(options: BrokerOptions): Promise<NatsConnection> {
  const { broker, clientName: name, username, password, token, tls } = options;
  const errors: unknown[] = [];
  for (const address of broker.split(",")) {
    const [host = "", port] = address.split(":");
    try {
      return await NatsConnection.open({
        host,
        port: Number(port),
        name,
        username,
        password,
        token,
        tls,
        answerMs,
      });
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors.length === 1 ? errors[0] : new AggregateError(errors, `none of ${broker} can be reached`);
}

interface Answer {
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string };
  readonly streams?: readonly string[] | null;
  readonly stream?: string;
}

async function ask(connection: NatsConnection, subject: string, body: unknown): Promise<Answer> {
  const answer = await connection.request(`$JS.API.${subject}`, {}, JSON.stringify(body), answerMs);
  const parsed = JSON.parse(answer.toString()) as Answer;
  if (parsed.error !== undefined) throw new Error(parsed.error.description);
  return parsed;
}

async function requireStream(connection: NatsConnection, subjects: string): Promise<void> {
  const { streams } = await ask(connection, "STREAM.NAMES", { subject: subjects });
  if (streams !== undefined && streams !== null && streams.length > 0) return;
  const name = subjects.replace(/[^A-Za-z0-9_-]/g, "_").toUpperCase();
  const stream = { name, subjects: [subjects], retention: "limits", storage: "file", num_replicas: 1 };
  await ask(connection, `STREAM.CREATE.${name}`, stream);
}

/** NATS: JSStreamMessageExceedsMaximumErr. */
const messageTooLarge = 10_054;
/** Of the headers of a message, about; keys may be longer. */
const headerBytes = 128;

/** A connection's messages stay in order; each is answered when the stream has stored it. */
class NatsEmitter implements Emitter {
  readonly #connection: NatsConnection;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  async send(events: readonly OutgoingEvent[]): Promise<void> {
    const { payloadBytesMax } = this.#connection;
    for (const { body, key = "" } of events) {
      const bytes = Buffer.byteLength(body) + Math.ceil(Buffer.byteLength(key) / 3) * 4 + headerBytes;
      if (bytes > payloadBytesMax)
        throw new RefusedError(`it has ${bytes} bytes, NATS takes ${payloadBytesMax} (max_payload)`);
    }
    const results = await Promise.allSettled(events.map((event) => this.#publish(event)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  async #publish({ topic, id, key, body }: OutgoingEvent): Promise<void> {
    // Not Nats-Msg-Id: the server would drop what is sent again also where only a later message of the same key was
    // stored before, and the order of the key would be another one.
    const headers = {
      "Weftkit-Event-Id": id,
      ...(key !== undefined && { "Weftkit-Key": Buffer.from(key).toString("base64") }),
    };
    const answer = await this.#connection.request(subjectOf(topic), headers, body, answerMs);
    const { error, stream } = JSON.parse(answer.toString()) as Answer;
    if (error?.err_code === messageTooLarge) throw new RefusedError(error.description);
    if (error !== undefined) throw new Error(error.description);
    if (stream === undefined) throw new Error(`${topic} was answered by something that is no stream`);
  }
}

/** Subjects have no spaces, and stars are wildcards. */
function subjectOf(topic: string): string {
  return topic
    .replace(/[\s*>]/g, "_")
    .replace(/\.{2,}/g, ".")
    .replace(/^\.|\.$/g, "_");
}
