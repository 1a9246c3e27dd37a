import { isIP } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import type { ProgramName } from "./config.ts";
import type { Draft } from "./draft.ts";
import { type EngineName, engineNames, engines } from "./engines.ts";
import { didYouMean } from "./mistake.ts";
import type { SectionName } from "./schema.ts";
import { serviceNames } from "./services.ts";

/** Rules that concern more than one key, in the order in which they are applied: fill in first, then judge. */
export function applyRules(draft: Draft, image: ProgramName | undefined): void {
  expandStandalone(draft, image);
  deriveDefaults(draft);
  refuseWhatIsNotBuilt(draft);
  requireEndpoint(draft);
  requireReceiver(draft);
  requireTlsFiles(draft);
  requireTokenKeys(draft);
  agreeOnFsync(draft);
  requireAddresses(draft);
  requireDifferentPorts(draft, image);
  if (image !== undefined && draft.value(image, "enabled") === false) {
    draft.fault(
      draft.where(image, "enabled"),
      `[${image}] enabled is false, and this image runs nothing else`,
    );
  }
}

const standaloneTargets: readonly (readonly [string, SectionName, string])[] = [
  ["tls_cert", "tls", "cert_file"],
  ["tls_key", "tls", "key_file"],
  ["auth_method", "auth", "method"],
  ["password_file", "auth", "users_file"],
];

/** Writes `[standalone]` to the sections it stands for. */
function expandStandalone(draft: Draft, image: ProgramName | undefined): void {
  for (const [key, section, target] of standaloneTargets) {
    const setting = draft.setting("standalone", key);
    if (setting !== undefined) write(draft, key, section, target, setting.value);
  }
  const module = draft.value("standalone", "module") as EngineName | undefined;
  const modules = draft.value("standalone", "modules") as readonly string[];
  if (modules.length > 0) {
    expandModules(draft, modules, image);
    return;
  }
  if (module === undefined) {
    for (const key of ["bind", "protocol"]) {
      if (draft.setting("standalone", key) !== undefined) {
        draft.fault(draft.where("standalone", key), `standalone.${key} needs standalone.module`);
      }
    }
    return;
  }
  if (image !== undefined && image !== module) {
    draft.fault(
      draft.where("standalone", "module"),
      `standalone.module is "${module}", but this image runs ${image}`,
    );
  }
  expandBind(draft, module, "port");
  const protocol = draft.value("standalone", "protocol");
  const spoken: readonly string[] = engines[module].protocols;
  if (typeof protocol === "string" && !spoken.includes(protocol)) {
    const hint = didYouMean(protocol, spoken);
    draft.fault(
      draft.where("standalone", "protocol"),
      `${module} speaks ${spoken[0]}, not "${protocol}"${hint}`,
    );
  }
  requireTls(draft, "module");
}

function requireTls(draft: Draft, key: "module" | "modules"): void {
  if (draft.value("tls", "cert_file") === undefined || draft.value("tls", "enabled") === false) {
    draft.fault(
      draft.where("standalone", key),
      "a standalone server must use TLS: set standalone.tls_cert and standalone.tls_key",
    );
  }
}

/** Several engines, each a process of its own, behind a gateway that tells them apart. */
function expandModules(draft: Draft, modules: readonly string[], image: ProgramName | undefined): void {
  const fault = (key: string, message: string) => draft.fault(draft.where("standalone", key), message);
  for (const [index, name] of modules.entries()) {
    if (!engineNames.some((known) => known === name))
      fault("modules", `standalone.modules: there is no engine "${name}"${didYouMean(name, engineNames)}`);
    else if (modules.indexOf(name) !== index) fault("modules", `standalone.modules names ${name} twice`);
    else if (draft.value(name as EngineName, "enabled") === false)
      fault("modules", `standalone.modules names ${name}, but [${name}] enabled is false`);
  }
  if (draft.setting("standalone", "module") !== undefined)
    fault("module", "standalone.module and standalone.modules are both set; keep one of them");
  if (draft.setting("standalone", "protocol") !== undefined)
    fault("protocol", "standalone.protocol is of one module; with standalone.modules leave it out");
  if (draft.value("auth", "method") === "mtls") {
    fault(
      "modules",
      'certificates of clients (auth_method = "mtls") need one module: what stands before several does not pass them on',
    );
  }
  if ((draft.value("discovery_client", "urls") as readonly string[]).length > 0)
    fault("modules", "discovery_client.urls needs one module: several on one port are not told apart there");
  if (image !== undefined && image !== "gateway" && !modules.includes(image))
    fault("modules", `standalone.modules does not name ${image}, which this image runs`);
  expandBind(draft, "gateway", "shared_port");
  requireTls(draft, "modules");
}

function expandBind(draft: Draft, program: ProgramName, portKey: "port" | "shared_port"): void {
  const bind = draft.value("standalone", "bind");
  if (typeof bind !== "string") return;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(bind);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    draft.fault(draft.where("standalone", "bind"), `standalone.bind must be host:port, not "${bind}"`);
    return;
  }
  write(draft, "bind", program, "bind", match[1] ?? match[2]);
  write(draft, "bind", program, portKey, port);
}

function write(draft: Draft, key: string, section: SectionName, target: string, value: unknown): void {
  const { where, rank } = draft.setting("standalone", key)!;
  const present = draft.setting(section, target);
  if (present !== undefined && present.rank === rank && present.value !== value) {
    draft.fault(
      where,
      `standalone.${key} contradicts ${section}.${target} (${present.where}); keep one of them`,
    );
  }
  draft.set(section, target, { value, where, rank });
}

/** Defaults that depend on other keys. */
function deriveDefaults(draft: Draft): void {
  const bind = draft.value("server", "bind");
  for (const program of [...engineNames, ...serviceNames])
    deriveUnset(draft, program, "bind", bind, "server.bind");
  deriveUnset(draft, "server", "admin_bind", bind, "server.bind");
  deriveUnset(draft, "server", "name", hostname(), "the host name");
  deriveUnset(draft, "tls", "enabled", draft.value("tls", "cert_file") !== undefined, "tls.cert_file");
  const files = join(String(draft.value("server", "data_dir")), "files");
  deriveUnset(draft, "filestore", "storage", files, "server.data_dir");
  const hasCertificates = ["ca_file", "cert_file"].some((key) => draft.value("cdc", key) !== undefined);
  deriveUnset(draft, "cdc", "tls", hasCertificates, "cdc.ca_file");
}

function deriveUnset(draft: Draft, section: SectionName, key: string, value: unknown, from: string): void {
  if (draft.setting(section, key) === undefined) draft.derive(section, key, value, `derived from ${from}`);
}

/** What a user can ask for and would not get is refused, not ignored: they would rely on it. */
function refuseWhatIsNotBuilt(draft: Draft): void {
  if (draft.value("distribution", "enabled") === true) {
    draft.fault(
      draft.where("distribution", "enabled"),
      "replication is not available yet; set distribution.enabled = false",
    );
  }
}

/** Persistence outside the container needs somewhere to go and a key to sign with. */
function requireEndpoint(draft: Draft): void {
  const mode = draft.value("persist", "mode");
  if (mode === "disabled") {
    if (draft.setting("persist", "url") !== undefined && draft.setting("persist", "mode") === undefined) {
      draft.fault(
        draft.where("persist", "url"),
        "persist.url is set, but persist.mode is not, so nothing would be sent",
      );
    }
    return;
  }
  for (const [key, variable] of [
    ["url", "WEFTKIT_PERSIST_URL"],
    ["secret", "WEFTKIT_PERSIST_SECRET or WEFTKIT_PERSIST_SECRET_FILE"],
  ] as const) {
    if (draft.value("persist", key) === undefined) {
      draft.fault(
        draft.where("persist", "mode"),
        `persist.mode is "${String(mode)}", but persist.${key} (${variable}) is not set`,
      );
    }
  }
}

const webhookSecretBytesMin = 16;

/** Change data capture needs somewhere to go. */
function requireReceiver(draft: Draft): void {
  if (draft.value("cdc", "enabled") !== true) return;
  const emitter = String(draft.value("cdc", "emitter"));
  const broker = draft.value("cdc", "broker");
  const whereBroker = draft.where("cdc", broker === undefined ? "enabled" : "broker");
  const fault = (key: string, message: string) => draft.fault(draft.where("cdc", key), message);
  if (broker === undefined) {
    draft.fault(whereBroker, "cdc.enabled is true, but cdc.broker (WEFTKIT_CDC_BROKER) is not set");
  } else if (emitter === "webhook") {
    if (!/^https?:$/.test(URL.parse(String(broker))?.protocol ?? ""))
      draft.fault(whereBroker, "cdc.broker must be the http or https URL of the webhook");
  } else if (emitter !== "file" && !/^[^\s,:/]+:\d{1,5}(?:,[^\s,:/]+:\d{1,5})*$/.test(String(broker))) {
    draft.fault(whereBroker, `cdc.broker must be host:port of ${emitter}`);
  } else if (emitter === "redis" && String(broker).includes(",")) {
    draft.fault(whereBroker, "cdc.broker is one host:port with redis");
  }
  const secret = draft.value("cdc", "webhook_secret");
  if (emitter === "webhook" && (typeof secret !== "string" || secret.length < webhookSecretBytesMin)) {
    draft.fault(
      draft.where("cdc", secret === undefined ? "emitter" : "webhook_secret"),
      `cdc.webhook_secret (WEFTKIT_CDC_WEBHOOK_SECRET) must be set, of ${webhookSecretBytesMin} characters or more`,
    );
  }
  const ops = draft.value("cdc", "ops") as readonly string[];
  for (const op of ops)
    if (!changeOps.includes(op)) fault("ops", `cdc.ops: "${op}" is none${didYouMean(op, changeOps)}`);
  for (const key of ["drop", "mask", "rename"]) {
    for (const rule of draft.value("cdc", key) as readonly string[]) {
      const isRight = key === "rename" ? /^(?:[^:]+:)?[^:=]+=[^:=.]+$/ : /^(?:[^:]+:)?[^:=]+$/;
      const form = key === "rename" ? "[namespace:]field=name" : "[namespace:]field";
      if (!isRight.test(rule)) fault(key, `cdc.${key}: "${rule}" is not ${form}`);
    }
  }
  if ((draft.value("cdc", "cert_file") === undefined) !== (draft.value("cdc", "key_file") === undefined)) {
    fault("enabled", "cdc.cert_file and cdc.key_file belong together");
  }
  if (draft.value("cdc", "username") !== undefined && draft.value("cdc", "password") === undefined) {
    fault("username", "cdc.username is set, but cdc.password (WEFTKIT_CDC_PASSWORD) is not");
  }
}

const changeOps: readonly string[] = ["insert", "update", "delete", "truncate", "schema"];

function requireTlsFiles(draft: Draft): void {
  if (draft.value("tls", "enabled") === true) {
    const cause = draft.setting("tls", "cert_file") === undefined ? "enabled" : "cert_file";
    for (const [key, variable] of [
      ["cert_file", "WEFTKIT_TLS_CERT"],
      ["key_file", "WEFTKIT_TLS_KEY"],
    ] as const) {
      if (draft.value("tls", key) === undefined) {
        draft.fault(draft.where("tls", cause), `TLS is enabled, but tls.${key} (${variable}) is not set`);
      }
    }
  } else if (
    draft.setting("tls", "key_file") !== undefined &&
    draft.setting("tls", "cert_file") === undefined
  ) {
    draft.fault(
      draft.where("tls", "key_file"),
      "tls.key_file is set, but tls.cert_file (WEFTKIT_TLS_CERT) is not",
    );
  }
  if (draft.value("auth", "method") !== "mtls") return;
  const where = draft.where("auth", "method");
  if (draft.value("tls", "enabled") !== true)
    draft.fault(where, 'auth.method "mtls" needs TLS: set tls.cert_file');
  if (draft.value("tls", "ca_file") === undefined) {
    draft.fault(where, 'auth.method "mtls" needs the CA of the clients: set tls.ca_file (WEFTKIT_MTLS_CA)');
  }
}

/** RFC 7518, section 3.2: an HS256 key has at least 256 bits. */
const hs256KeyBytesMin = 32;

function requireTokenKeys(draft: Draft): void {
  const secret = draft.value("auth", "jwt_secret");
  const uri = draft.value("auth", "jwt_jwks_uri");
  if (draft.value("auth", "method") === "jwt" && secret === undefined && uri === undefined) {
    draft.fault(
      draft.where("auth", "method"),
      'auth.method "jwt" needs auth.jwt_secret (WEFTKIT_JWT_SECRET) or auth.jwt_jwks_uri (WEFTKIT_JWT_JWKS_URI)',
    );
  }
  if (typeof secret === "string" && Buffer.byteLength(secret) < hs256KeyBytesMin) {
    draft.fault(
      draft.where("auth", "jwt_secret"),
      `auth.jwt_secret must have at least ${hs256KeyBytesMin} bytes`,
    );
  }
  if (typeof uri === "string" && !/^https?:$/.test(URL.parse(uri)?.protocol ?? "")) {
    draft.fault(draft.where("auth", "jwt_jwks_uri"), "auth.jwt_jwks_uri must be an http or https URL");
  }
}

/** A name is looked up when it is listened on; what is written as an address must be one. */
function requireAddresses(draft: Draft): void {
  const binds = [
    ["server", "bind"],
    ["server", "admin_bind"],
    ...[...engineNames, ...serviceNames].map((program) => [program, "bind"] as const),
  ] as const;
  for (const [section, key] of binds) {
    if (draft.setting(section, key)?.where.startsWith("derived from")) continue;
    const bind = String(draft.value(section, key));
    if (isIP(bind) !== 0 || (/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(bind) && !/^[\d.]+$/.test(bind)))
      continue;
    draft.fault(
      draft.where(section, key),
      `${section}.${key} must be an IP address to listen on, or a name of this machine, not "${bind}"`,
    );
  }
}

/** An image listens on both, on the same addresses unless told otherwise. */
function requireDifferentPorts(draft: Draft, image: ProgramName | undefined): void {
  const admin = draft.value("server", "admin_port");
  for (const program of image === undefined ? [...engineNames, ...serviceNames] : [image]) {
    const setting = draft.setting(program, "port") ?? draft.setting("server", "admin_port");
    if (admin === 0 || setting === undefined || draft.value(program, "port") !== admin) continue;
    draft.fault(
      setting.where,
      `${program}.port and server.admin_port are both ${String(admin)}; the admin port needs one of its own`,
    );
  }
}

/** `wal_fsync` and `appendfsync` of `[inmemory]` say the same thing; they must not contradict each other. */
function agreeOnFsync(draft: Draft): void {
  const walFsync = draft.setting("inmemory", "wal_fsync");
  const appendfsync = draft.setting("inmemory", "appendfsync");
  if (walFsync === undefined) {
    draft.derive(
      "inmemory",
      "wal_fsync",
      appendfsync?.value === "always",
      "derived from inmemory.appendfsync",
    );
  } else if (appendfsync === undefined) {
    if (walFsync.value === true) draft.set("inmemory", "appendfsync", { ...walFsync, value: "always" });
  } else if (walFsync.value !== (appendfsync.value === "always")) {
    if (walFsync.rank === appendfsync.rank) {
      const message = `inmemory.wal_fsync = ${String(walFsync.value)} contradicts inmemory.appendfsync = "${String(appendfsync.value)}" (${appendfsync.where})`;
      draft.fault(walFsync.where, message);
    } else if (appendfsync.rank > walFsync.rank) {
      draft.set("inmemory", "wal_fsync", { ...appendfsync, value: appendfsync.value === "always" });
    } else {
      const value = walFsync.value === true ? "always" : "everysec";
      draft.set("inmemory", "appendfsync", { ...walFsync, value });
    }
  }
}
