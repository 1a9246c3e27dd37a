import {
  duration,
  flag,
  integer,
  list,
  port,
  type ServiceDescription,
  secret,
  serviceKeys,
  text,
} from "@weftkit/config/service-description";

const minute = 60_000;

/** See `ServiceDescription`. */
export const discovery = {
  title: "who is there",
  doc: "Who is there: instances register and send heartbeats; who asks gets those that are well.",
  protocol: "REST, server-sent events, DNS, gossip",
  port: 8500,
  morePorts: [7946, 8600],
  keys: {
    ...serviceKeys(8500),
    cluster: text(
      "The name of the nodes that belong together; others are not let in, whatever their secret.",
      {
        fallback: "default",
      },
    ),
    peers: list(
      "Other nodes, as `host[:port]` of their gossip; a name may stand for several. One that is reached tells of all others.",
      [],
      { example: '["discovery-1", "discovery-2:7946"]' },
    ),
    gossip_secret: secret(
      "What the nodes' messages to each other are authenticated with, 16 characters or more and the same on all. Without it the node is alone, and opens no port for gossip.",
    ),
    gossip_port: port("The UDP and TCP port of the gossip.", 7946),
    gossip_bind: text("The address that the gossip listens on.", {
      fallbackDoc: "the value of `discovery.bind`",
    }),
    advertise: text("Where other nodes reach this one, as `host[:port]`.", {
      fallbackDoc: "the bound address, or the machine's first",
      example: '"10.0.0.7"',
    }),
    gossip_period: duration("How often each node looks after others.", 1000, { min: 100, max: minute }),
    heartbeat_interval: duration("How often instances send heartbeats; they are told so.", 1000, {
      min: 100,
      max: minute,
    }),
    suspect_after: duration("An instance that was not heard of for so long is suspected.", 2000, {
      min: 100,
    }),
    fail_after: duration("An instance that was not heard of for so long has failed.", 3000, { min: 100 }),
    remember: duration("How long instances that failed or left are remembered.", 10 * minute, { min: 1000 }),
    max_instances: integer("How many instances may be known; more are refused.", 10_000, {
      min: 1,
      max: 50_000,
    }),
    max_watchers: integer("How many clients may watch at once.", 2000),
    dns: flag("Whether questions of DNS are answered; who can reach the port may ask.", true),
    dns_port: port("The UDP and TCP port of DNS.", 8600),
    dns_bind: text("The address that DNS listens on.", { fallbackDoc: "the value of `discovery.bind`" }),
    dns_zone: text("The end of names: `<group>.<zone>`.", { fallback: "weftkit" }),
    dns_ttl: duration("How long an answer of DNS may be kept.", 1000, { max: 24 * 60 * minute }),
    rate_limit: integer("Requests a second and user; 0 is no limit.", 0),
  },
  folder: "images/discovery",
  keepsState: false,
  memoryBytes: 256 * 1024 ** 2,
  links: "[guide](discovery.md)",
} satisfies ServiceDescription;
