import type { Change, ChangeBatch, ChangeForm } from "@weftkit/changes";
import type { OutgoingEvent } from "./event.ts";
import type { Transforms } from "./transforms.ts";

export const envelopeFormats = ["debezium", "cloudevents"] as const;
export type EnvelopeFormat = (typeof envelopeFormats)[number];

/** Who speaks. */
export interface Speaker {
  /** The engine's name: "relational". */
  readonly engine: string;
  /** The node's name. */
  readonly name: string;
  readonly version: string;
}

export interface EnvelopeOptions extends Speaker {
  readonly format: EnvelopeFormat;
  /** `{namespace}` in it is the change's. */
  readonly topic: string;
  readonly form: ChangeForm;
  readonly transforms: Transforms;
}

/** A change in its commit. */
export interface Place {
  readonly batch: ChangeBatch;
  readonly token: string;
  /** From 0. */
  readonly index: number;
}

/** https://debezium.io/documentation/reference/stable/connectors/postgresql.html: c, u, d, t and m. */
const debeziumOps: Readonly<Record<Change["op"], string>> = {
  insert: "c",
  update: "u",
  delete: "d",
  truncate: "t",
  schema: "m",
};

/** Writes changes as events. What a row is stays the text that the engine has written, so that no number changes. */
export class Envelopes {
  readonly #options: EnvelopeOptions;
  readonly #write: (change: Change, place: Place, row: Row) => string;
  /** The parts of the source that are always the same. */
  readonly #source: string;
  readonly #ceSource: string;
  readonly #hasOwnTopics: boolean;

  constructor(options: EnvelopeOptions) {
    const { engine, name, version, format } = options;
    this.#options = options;
    this.#hasOwnTopics = options.topic.includes("{namespace}");
    this.#write = format === "debezium" ? this.#debezium.bind(this) : this.#cloudEvent.bind(this);
    this.#source = `"version":${text(version)},"connector":${text(`weftkit-${engine}`)},"name":${text(name)},"snapshot":"false","db":${text(engine)}`;
    this.#ceSource = text(`/weftkit/${encodeURIComponent(name)}/${engine}`);
  }

  /** @throws what the engine's form throws of a change that it cannot read */
  event(change: Change, place: Place): OutgoingEvent {
    const { form, transforms, topic } = this.#options;
    const { namespace, op, before, after } = change;
    const key =
      op === "truncate" || op === "schema" ? undefined : transforms.apply(namespace, form.key(change));
    const image = (bytes: Uint8Array | undefined) =>
      bytes === undefined ? "null" : transforms.apply(namespace, form.image(change, bytes));
    const row = { key: key ?? "null", before: image(before), after: image(after) };
    return {
      id: `${place.token}/${place.index}`,
      topic: topic.replaceAll("{namespace}", () => namespace),
      namespace,
      // Rows of many namespaces in one topic are told apart by the key, also when the receiver keeps only the newest of each.
      key: key === undefined || this.#hasOwnTopics ? key : `{"namespace":${text(namespace)},"key":${key}}`,
      body: this.#write(change, place, row),
    };
  }

  /** Says that events are missing here, and why. */
  lost(token: string, atMs: number, why: string): OutgoingEvent {
    const { topic, engine } = this.#options;
    const about = `{"reason":${text(why)}}`;
    const id = `${token}/lost`;
    const body =
      this.#options.format === "debezium"
        ? `{"before":null,"after":null,"source":{${this.#source},"ts_ms":${atMs},"origin":"local","table":null,"sequence":${text(token)}},"op":"m","ts_ms":${Date.now()},"transaction":null,"message":{"prefix":"weftkit.changes.lost","content":${text(Buffer.from(about).toString("base64"))}}}`
        : `{"specversion":"1.0","id":${text(id)},"source":${this.#ceSource},"type":"weftkit.${engine}.changes.lost","time":${text(new Date(atMs).toISOString())},"datacontenttype":"application/json","data":${about}}`;
    return { id, topic: topic.replaceAll("{namespace}", "lost"), namespace: "", key: undefined, body };
  }

  #debezium({ namespace, op }: Change, { batch, token, index }: Place, { before, after }: Row): string {
    const { atMs, origin } = batch;
    const source = `{${this.#source},"ts_ms":${atMs},"origin":${text(origin)},"table":${text(namespace)},"sequence":${text(token)}}`;
    const transaction = `{"id":${text(token)},"total_order":${index + 1},"data_collection_order":${index + 1}}`;
    const rest = `"source":${source},"op":"${debeziumOps[op]}","ts_ms":${Date.now()},"transaction":${transaction}`;
    if (op !== "schema") return `{"before":${before},"after":${after},${rest}}`;
    const content = Buffer.from(after).toString("base64");
    return `{"before":null,"after":null,${rest},"message":{"prefix":"weftkit.schema","content":"${content}"}}`;
  }

  #cloudEvent({ namespace, op }: Change, { batch, token, index }: Place, row: Row): string {
    const { engine } = this.#options;
    const time = new Date(batch.atMs).toISOString();
    // partitionkey is CloudEvents' partitioning extension.
    const partition = row.key === "null" ? "" : `,"partitionkey":${text(`${namespace}:${row.key}`)}`;
    return `{"specversion":"1.0","id":"${token}/${index}","source":${this.#ceSource},"type":"weftkit.${engine}.${op}","subject":${text(namespace)},"time":"${time}","datacontenttype":"application/json"${partition},"origin":${text(batch.origin)},"data":{"key":${row.key},"before":${row.before},"after":${row.after},"transaction":{"id":"${token}","order":${index + 1},"size":${batch.changes.length}}}}`;
  }
}

interface Row {
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

function text(value: string): string {
  return JSON.stringify(value);
}
