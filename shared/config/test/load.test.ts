import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  ConfigError,
  type LoadOptions,
  loadConfig,
  printConfig,
  readUsersFile,
  withoutSecrets,
} from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "weftkit-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(content: string): string {
  const path = join(folder, `${files++}.toml`);
  writeFileSync(path, content);
  return path;
}

function load(toml: string, options: Partial<LoadOptions> = {}) {
  return loadConfig({ env: {}, file: write(toml), ...options }).config;
}

/** The mistakes of a configuration, with the file's folder and name cut from where they are. */
function mistakes(toml: string, options: Partial<LoadOptions> = {}): string[] {
  const file = write(toml);
  try {
    loadConfig({ env: {}, file, ...options });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.mistakes.map(({ where, message }) => `${where.replace(file, "toml")}: ${message}`);
  }
  return [];
}

const fixture = (name: string) => join(import.meta.dirname, "fixtures", name);
const referenceEnv = { JWT_SECRET: "j".repeat(32), APP_DB_PASSWORD: "app", READONLY_PASSWORD: "ro" };

describe("the product's own files", () => {
  test("the reference's weftkit.toml parses as it is written", () => {
    const { config } = loadConfig({ env: referenceEnv, file: fixture("reference.toml"), image: "inmemory" });
    expect(config.server).toMatchObject({
      name: "my-weftkit-node",
      data_dir: "/var/lib/weftkit",
      log_level: "info",
    });
    expect(config.auth.users).toEqual([
      { username: "app", password: "app", roles: ["read", "write"] },
      { username: "readonly", password: "ro", roles: ["read"] },
    ]);
    expect(config.inmemory).toMatchObject({
      port: 6379,
      max_memory_bytes: 1024 ** 3,
      eviction_policy: "allkeys-lru",
      appendfsync: "everysec",
      max_connections: 10_000,
    });
    expect(config.filestore.max_size).toBe(100 * 1024 ** 3);
    expect(config.tls).toEqual({
      enabled: true,
      cert_file: "/etc/weftkit/server.crt",
      key_file: "/etc/weftkit/server.key",
      ca_file: "/etc/weftkit/ca.crt",
    });
  });

  test("[standalone] is written to the sections it stands for", () => {
    const { config } = loadConfig({ env: {}, file: fixture("standalone.toml"), image: "relational" });
    expect(config.relational).toMatchObject({ bind: "0.0.0.0", port: 20_000 });
    expect(config.tls).toMatchObject({ enabled: true, cert_file: "/etc/weftkit/tls/server.crt" });
    expect(config.auth).toMatchObject({ method: "password", users_file: "/etc/weftkit/passwords" });
  });
});

describe("where values come from", () => {
  test("without a file and variables, the defaults", () => {
    const { config, file } = loadConfig({ env: {}, image: "inmemory" });
    expect(file).toBeUndefined();
    expect(config.inmemory).toMatchObject({
      port: 6379,
      bind: "0.0.0.0",
      max_memory_bytes: 0,
      wal_fsync: false,
    });
    expect(config.inmemory.eviction_policy).toBe("noeviction");
    expect(config.persist.shutdown_budget).toBe(30_000);
  });

  test("variables win over values, values over the file", () => {
    const toml = "[inmemory]\nport = 1\ndatabases = 1\ntimeout_seconds = 1";
    const values = { inmemory: { databases: 2, timeout_seconds: 2 } };
    const env = { WEFTKIT_INMEMORY_TIMEOUT_SECONDS: "3" };
    expect(load(toml, { values, env }).inmemory).toMatchObject({ port: 1, databases: 2, timeout_seconds: 3 });
  });

  test("short names", () => {
    const env = {
      WEFTKIT_DATA_DIR: "/data",
      WEFTKIT_PORT: "7000",
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_LOG_LEVEL: "debug",
      WEFTKIT_AUTH: "none",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_PERSIST_SHUTDOWN_BUDGET: "5s",
    };
    const config = load("[inmemory]\nbind = '::1'", { env, image: "inmemory" });
    expect(config.server).toMatchObject({
      data_dir: "/data",
      log_level: "debug",
      admin_bind: "127.0.0.1",
      admin_port: 0,
    });
    expect(config.inmemory).toMatchObject({ port: 7000, bind: "127.0.0.1" });
    expect(config.relational.port).toBe(5432);
    expect(config.auth.method).toBe("none");
    expect(config.persist.shutdown_budget).toBe(5000);
  });

  test("an empty variable counts as not set", () => {
    expect(load("", { env: { WEFTKIT_LOG_LEVEL: "" } }).server.log_level).toBe("info");
  });

  test("env:NAME reads a variable into a key of any kind", () => {
    const toml = '[inmemory]\nport = "env:P"\nmax_memory_bytes = "env:M"\nwal_fsync = "env:W"';
    const env = { P: "7001", M: "32mb", W: "true" };
    expect(load(toml, { env }).inmemory).toMatchObject({
      port: 7001,
      max_memory_bytes: 32 * 1024 ** 2,
      appendfsync: "always",
    });
  });

  test("secrets come from files, in the file and by variable, without the last line end", () => {
    const path = write("from file\n");
    expect(load("", { env: { WEFTKIT_PASSWORD_FILE: path } }).auth.password).toBe("from file");
    const users = `[[auth.users]]\nusername = "app"\npassword_file = "${path}"`;
    expect(load(users).auth.users[0]?.password).toBe("from file");
  });

  test("a secret's value that looks like env: is taken as it is from a variable", () => {
    expect(load("", { env: { WEFTKIT_PASSWORD: "env:X" } }).auth.password).toBe("env:X");
  });

  test("what Kubernetes says about Services named like ours is ignored", () => {
    const env = {
      WEFTKIT_INMEMORY_SERVICE_HOST: "10.0.0.1",
      WEFTKIT_INMEMORY_SERVICE_PORT_RESP: "6379",
      WEFTKIT_INMEMORY_PORT: "tcp://10.0.0.1:6379",
      WEFTKIT_INMEMORY_PORT_6379_TCP_ADDR: "10.0.0.1",
      WEFTKIT_TEST_ANYTHING: "x",
    };
    expect(load("", { env }).inmemory.port).toBe(6379);
  });
});

describe("mistakes", () => {
  test("are found all at once, each with its line or variable and the nearest name", () => {
    const toml = [
      "[server]",
      'log_levle = "info"',
      "[inmemroy]",
      "[inmemory]",
      "port = 70000",
      'eviction_policy = "lruu"',
      "max_memory_bytes = '12 parsecs'",
      "[[auth.users]]",
      'username = "a"',
      "roles = 'read'",
      "[[auth.users]]",
      'username = "a"',
      'password = "env:NOWHERE"',
      "[[auth.users]]",
      "[cdc]",
      "enabled = true",
      'drop = ["a=b"]',
    ].join("\n");
    const env = { WEFTKIT_INMEMORY_PROT: "1", WEFTKIT_AUTH: "ldap", WEFTKIT_PERSIST_MODE: "serverless" };
    expect(mistakes(toml, { env, image: "inmemory" })).toEqual([
      "toml:2: server.log_levle: unknown key; did you mean log_level?",
      "toml:3: unknown section [inmemroy]; did you mean inmemory?",
      "toml:5: inmemory.port: must be from 0 to 65535, not 70000",
      expect.stringMatching(
        /^toml:6: inmemory.eviction_policy: must be one of noeviction, .*; did you mean lru\?$/,
      ),
      expect.stringMatching(/^toml:7: inmemory.max_memory_bytes: must be a number of bytes/),
      'toml:10: auth.users.0.roles: must be a list of strings, not "read"',
      "toml:13: auth.users.1.password: the variable NOWHERE that it names is not set",
      'toml:11: the user "a" is listed twice',
      "toml:14: the user has no username",
      expect.stringMatching(/^WEFTKIT_AUTH: must be one of password, jwt, mtls, none, not "ldap"/),
      "WEFTKIT_INMEMORY_PROT: unknown variable; did you mean WEFTKIT_INMEMORY_PORT?",
      'WEFTKIT_PERSIST_MODE: persist.mode is "serverless", but persist.url (WEFTKIT_PERSIST_URL) is not set',
      'WEFTKIT_PERSIST_MODE: persist.mode is "serverless", but persist.secret (WEFTKIT_PERSIST_SECRET or WEFTKIT_PERSIST_SECRET_FILE) is not set',
      "toml:16: cdc.enabled is true, but cdc.broker (WEFTKIT_CDC_BROKER) is not set",
      'toml:17: cdc.drop: "a=b" is not [namespace:]field',
    ]);
  });

  test.each([
    ["[tls]\nenabled = true", 2],
    ['[tls]\nkey_file = "k"', 1],
    ['[auth]\nmethod = "mtls"', 2],
    ['[auth]\nmethod = "jwt"', 1],
    ['[auth]\nmethod = "jwt"\njwt_secret = "short"', 1],
    ['[auth]\nmethod = "jwt"\njwt_jwks_uri = "file:///etc/passwd"', 1],
    ["[distribution]\nenabled = true", 1],
    ['[persist]\nurl = "https://example.com"', 1],
    ['[inmemory]\nwal_fsync = true\nappendfsync = "no"', 1],
    ["[inmemory]\nenabled = false", 1],
    ['[standalone]\nmodule = "relational"', 2],
    ['[standalone]\nmodule = "inmemory"\ntls_cert = "a"\ntls_key = "b"\nprotocol = "postgresql"', 1],
    ['[standalone]\nmodule = "inmemory"\ntls_cert = "a"\ntls_key = "b"\nbind = "6379"', 1],
    ['[standalone]\nmodule = "inmemory"\ntls_cert = "a"\ntls_key = "b"\n[tls]\ncert_file = "c"', 1],
    ["server = 1", 1],
    ["[server]\nname = 1979-05-27T07:32:00Z", 1],
  ])("%j has %i", (toml, count) => {
    expect(mistakes(toml, { image: "inmemory" })).toHaveLength(count);
  });

  test("TOML that cannot be read is reported with its line", () => {
    expect(mistakes("[server]\nname = \n")[0]).toMatch(/^toml:2: /);
  });

  test("a file that was asked for must exist", () => {
    expect(() => loadConfig({ env: { WEFTKIT_CONFIG: "/nowhere.toml" } })).toThrow(
      /nowhere.toml: cannot read.*ENOENT/,
    );
  });

  test("two variables for one key, and a secret's file that is not there", () => {
    expect(mistakes("", { env: { WEFTKIT_DATA_DIR: "/a", WEFTKIT_SERVER_DATA_DIR: "/b" } })).toHaveLength(1);
    expect(mistakes("", { env: { WEFTKIT_PASSWORD: "a", WEFTKIT_PASSWORD_FILE: "/b" } })).toHaveLength(1);
    expect(mistakes("", { env: { WEFTKIT_PASSWORD_FILE: "/nowhere" } })[0]).toMatch(
      /cannot read \/nowhere: ENOENT/,
    );
  });

  test("never show a secret", () => {
    const found = mistakes("[auth]\npassword = 12345\njwt_secret = true", { env: { WEFTKIT_AUTH: "jwt" } });
    expect(found.join("\n")).not.toMatch(/12345/);
  });

  test("WEFTKIT_PORT has no meaning where no image runs", () => {
    expect(mistakes("", { env: { WEFTKIT_PORT: "1" } })[0]).toMatch(
      /^WEFTKIT_PORT: unknown variable without/,
    );
  });
});

describe("the users file", () => {
  test("has the tables of [[auth.users]]", () => {
    const path = write('[[users]]\nusername = "u"\npassword = "p"\nroles = ["read"]\n');
    expect(readUsersFile(path, {})).toEqual([{ username: "u", password: "p", roles: ["read"] }]);
  });

  test("reports its mistakes with their lines", () => {
    const path = write('\n[[users]]\nuser = "u"\n[server]\n');
    expect(() => readUsersFile(path, {})).toThrow(
      /:4: unknown key server[\s\S]*:3: users.0.user: unknown key[\s\S]*no username/,
    );
  });
});

describe("printing", () => {
  test("shows what takes effect and who set it, and no secret", () => {
    const env = { WEFTKIT_PASSWORD: "hush", WEFTKIT_PORT: "7000", TOKEN: "quiet" };
    const toml = '[server]\nadmin_token = "env:TOKEN"\n[[auth.users]]\nusername = "u"\npassword = "whisper"';
    const printed = printConfig(loadConfig({ env, file: write(toml), image: "inmemory" }));
    expect(printed).not.toMatch(/hush|quiet|whisper/);
    expect(printed).toMatch(/^port = 7000 {2}# WEFTKIT_PORT$/m);
    expect(printed).toMatch(/^password = "\*\*\*" {2}# WEFTKIT_PASSWORD$/m);
    expect(mistakes(printed)).toEqual([]);
  });
});

test("what is handed on holds no secret", () => {
  const toml =
    '[auth]\npassword = "hush"\njwt_user_claim = "email"\n[[auth.users]]\nusername = "u"\npassword = "hush"';
  const config = withoutSecrets(load(toml));
  expect(JSON.stringify(config)).not.toMatch(/hush/);
  expect(config.auth.jwt_user_claim).toBe("email");
});
