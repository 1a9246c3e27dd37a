import { readFileSync } from "node:fs";
import type { Config } from "@weftkit/config";
import type { BrokerOptions } from "./emitters/connection.ts";
import { FileEmitter } from "./emitters/file.ts";
import { WebhookEmitter } from "./emitters/webhook.ts";
import type { Emitter } from "./event.ts";

/** Opens what changes are sent to. @throws what the broker, the network or the disk refuses */
export async function openEmitter(config: Config["cdc"], clientName: string): Promise<Emitter> {
  const { emitter, broker = "", topic } = config;
  if (emitter === "file")
    return new FileEmitter({ folder: broker, bytesMax: config.file_max_bytes, keep: config.file_keep });
  if (emitter === "webhook") {
    return new WebhookEmitter({
      url: broker,
      secret: webhookKey(config.webhook_secret ?? ""),
      allowsPrivate: config.webhook_private_addresses,
      contentType:
        config.format === "cloudevents" ? "application/cloudevents-batch+json" : "application/json",
    });
  }
  const options: BrokerOptions = {
    broker,
    topic,
    clientName,
    username: config.username,
    password: config.password,
    token: config.token,
    saslMechanism: config.sasl_mechanism,
    tls: config.tls ? brokerTls(config) : undefined,
    streamMaxLength: config.stream_max_length,
  };
  const { openEmitter: open } = await client(emitter);
  return open(options);
}

type Client = { openEmitter(options: BrokerOptions): Promise<Emitter> };

/** Clients of brokers are large: each is a file of its own, beside this module or its bundle, that is read when it is used. */
function client(name: "kafka" | "nats" | "redis"): Promise<Client> {
  const file = import.meta.url.endsWith(".ts") ? `./emitters/cdc-${name}.ts` : `./cdc-${name}.mjs`;
  return import(/* @vite-ignore */ new URL(file, import.meta.url).href) as Promise<Client>;
}

function brokerTls({ ca_file, cert_file, key_file }: Config["cdc"]) {
  const read = (file: string) => readFileSync(file, "utf8");
  return {
    ...(ca_file !== undefined && { ca: read(ca_file) }),
    ...(cert_file !== undefined && { cert: read(cert_file) }),
    ...(key_file !== undefined && { key: read(key_file) }),
  };
}

/** As Standard Webhooks writes keys, or any text. */
function webhookKey(secret: string): Buffer {
  return secret.startsWith("whsec_")
    ? Buffer.from(secret.slice("whsec_".length), "base64")
    : Buffer.from(secret);
}
