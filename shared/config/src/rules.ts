import { hostname } from "node:os";
import { join } from "node:path";
import type { Draft } from "./draft.ts";
import { type EngineName, engineNames, engines } from "./engines.ts";
import { didYouMean } from "./mistake.ts";
import type { SectionName } from "./schema.ts";

/** Rules that concern more than one key, in the order in which they are applied: fill in first, then judge. */
export function applyRules(draft: Draft, image: EngineName | undefined): void {
  expandStandalone(draft, image);
  deriveDefaults(draft);
  refuseWhatIsNotBuilt(draft);
  requireEndpoint(draft);
  requireTlsFiles(draft);
  requireTokenKeys(draft);
  agreeOnFsync(draft);
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
function expandStandalone(draft: Draft, image: EngineName | undefined): void {
  for (const [key, section, target] of standaloneTargets) {
    const setting = draft.setting("standalone", key);
    if (setting !== undefined) write(draft, key, section, target, setting.value);
  }
  const module = draft.value("standalone", "module") as EngineName | undefined;
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
  expandBind(draft, module);
  const protocol = draft.value("standalone", "protocol");
  const spoken: readonly string[] = engines[module].protocols;
  if (typeof protocol === "string" && !spoken.includes(protocol)) {
    const hint = didYouMean(protocol, spoken);
    draft.fault(
      draft.where("standalone", "protocol"),
      `${module} speaks ${spoken[0]}, not "${protocol}"${hint}`,
    );
  }
  if (draft.value("tls", "cert_file") === undefined || draft.value("tls", "enabled") === false) {
    draft.fault(
      draft.where("standalone", "module"),
      "a standalone server must use TLS: set standalone.tls_cert and standalone.tls_key",
    );
  }
}

function expandBind(draft: Draft, module: EngineName): void {
  const bind = draft.value("standalone", "bind");
  if (typeof bind !== "string") return;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(bind);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    draft.fault(draft.where("standalone", "bind"), `standalone.bind must be host:port, not "${bind}"`);
    return;
  }
  write(draft, "bind", module, "bind", match[1] ?? match[2]);
  write(draft, "bind", module, "port", port);
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
  for (const engine of engineNames) deriveUnset(draft, engine, "bind", bind, "server.bind");
  deriveUnset(draft, "server", "admin_bind", bind, "server.bind");
  deriveUnset(draft, "server", "name", hostname(), "the host name");
  deriveUnset(draft, "tls", "enabled", draft.value("tls", "cert_file") !== undefined, "tls.cert_file");
  const files = join(String(draft.value("server", "data_dir")), "files");
  deriveUnset(draft, "filestore", "storage", files, "server.data_dir");
}

function deriveUnset(draft: Draft, section: SectionName, key: string, value: unknown, from: string): void {
  if (draft.setting(section, key) === undefined) draft.derive(section, key, value, `derived from ${from}`);
}

/** What a user can ask for and would not get is refused, not ignored: they would rely on it. */
function refuseWhatIsNotBuilt(draft: Draft): void {
  for (const [section, what] of [
    ["distribution", "replication"],
    ["cdc", "change data capture"],
  ] as const) {
    if (draft.value(section, "enabled") === true) {
      draft.fault(
        draft.where(section, "enabled"),
        `${what} is not available yet; set ${section}.enabled = false`,
      );
    }
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
