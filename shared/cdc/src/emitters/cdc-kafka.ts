import { MultipleErrors, Producer, ProtocolError, stringSerializers } from "@platformatic/kafka";
import type { Emitter, OutgoingEvent } from "../event.ts";
import { RefusedError } from "../refused-error.ts";
import { answerMs, type BrokerOptions } from "./connection.ts";

/** Produces events to Kafka; confirmed is what all replicas in sync have. */
export async function openEmitter(options: BrokerOptions): Promise<Emitter> {
  const { broker, username, password, saslMechanism, clientName, tls } = options;
  const producer = new Producer({
    clientId: clientName,
    bootstrapBrokers: broker.split(","),
    serializers: stringSerializers,
    connectTimeout: answerMs,
    requestTimeout: answerMs,
    timeout: answerMs,
    acks: -1,
    autocreateTopics: true,
    // A topic that is made, and a leader that moves, are ready in a moment.
    retries: 5,
    retryDelay: 300,
    ...(tls !== undefined && { tls }),
    ...(username !== undefined &&
      password !== undefined && { sasl: { mechanism: saslMechanism, username, password } }),
  });
  return new KafkaEmitter(producer);
}

/** MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_RECORD. */
const refusals = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD"]);

class KafkaEmitter implements Emitter {
  readonly #producer: Producer<string, string, string, string>;

  constructor(producer: Producer<string, string, string, string>) {
    this.#producer = producer;
  }

  async send(events: readonly OutgoingEvent[]): Promise<void> {
    try {
      await this.#producer.send({
        messages: events.map(({ topic, id, namespace, key, body }) => ({
          topic: topicOf(topic),
          ...(key !== undefined && { key }),
          value: body,
          headers: { id, namespace },
        })),
      });
    } catch (error) {
      if (isRefusal(error)) throw new RefusedError(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#producer.close(true);
  }
}

function isRefusal(error: unknown): boolean {
  if (error instanceof ProtocolError) return refusals.has(String(error.apiId));
  if (error instanceof MultipleErrors) return error.errors.some(isRefusal);
  return error instanceof Error && isRefusal(error.cause);
}

/** Kafka's names of topics. */
function topicOf(topic: string): string {
  return topic.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, 249);
}
