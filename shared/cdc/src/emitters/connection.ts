/** How a broker is reached. */
export interface BrokerOptions {
  /** host:port, several of them separated by commas. */
  readonly broker: string;
  readonly clientName: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly saslMechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  /** PEM texts; undefined without TLS. */
  readonly tls: BrokerTls | undefined;
  /** About so many events a Redis stream keeps; 0: all. */
  readonly streamMaxLength: number;
  /** The subjects that a NATS stream must take: a pattern of the topic. */
  readonly topic: string;
}

export interface BrokerTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A call of a broker that has not been answered by then has failed. */
export const answerMs = 15_000;
