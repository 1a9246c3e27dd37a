// Real drivers in other languages against the bundled engines: `npm run e2e:clients [-- --json FILE] [ENGINE...]`. Each
// folder beside this file, and in a folder named after an engine, holds one language's checks and the manifest of its
// driver; what is installed goes into a temporary folder. A check prints `ok NAME` or `not ok NAME: why`; the last line here counts them.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

/** How a language's checks are installed and run, in a copy of its folder. */
interface Language {
  /** Programs that must be there. */
  readonly needs: readonly string[];
  readonly install: readonly (readonly string[])[];
  readonly run: readonly string[];
}

const languages: Readonly<Record<string, Language>> = {
  node: {
    needs: ["npm"],
    install: [["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"]],
    run: [process.execPath, "checks.mjs"],
  },
  python: {
    needs: ["python3"],
    install: [
      ["python3", "-m", "venv", "venv"],
      ["venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"],
    ],
    run: ["venv/bin/python", "checks.py"],
  },
  go: { needs: ["go"], install: [["go", "build", "-o", "checks", "."]], run: ["./checks"] },
  java: {
    needs: ["java", "mvn"],
    install: [["mvn", "-q", "-B", "package"]],
    run: ["java", "-cp", "target/checks.jar:target/libraries/*", "Checks"],
  },
};

/** A folder is called like its language, or `LANGUAGE-WHAT` where there is more than one set of libraries: `python-4.4`. */
function languageOf(folder: string): Language | undefined {
  return languages[folder.split("-")[0]!];
}

/** The engines that are spoken to, and where their checks are. */
const engineFolders: Readonly<Record<string, string>> = {
  document: "document",
  filestore: "filestore",
  inmemory: ".",
  keyvalue: "keyvalue",
  relational: "relational",
  vector: "vector",
  graph: "graph",
};

/** A driver that hangs is ended after this long. */
const runTimeoutMs = 240_000;
const user = "app";
const password = "s3cret";

const { values, positionals } = parseArgs({
  options: { json: { type: "string" } },
  allowPositionals: true,
});
const counts = { passed: 0, failed: 0, skipped: 0 };
const folder = mkdtempSync(join(tmpdir(), "weftkit-clients-"));
const engines: ChildProcess[] = [];
try {
  const certificate = makeCertificate();
  const wanted = positionals.length > 0 ? positionals : Object.keys(engineFolders);
  for (const engine of wanted) await checkEngine(engine, certificate);
} finally {
  for (const engine of engines) {
    engine.kill("SIGTERM");
    await once(engine, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
}
if (values.json !== undefined) {
  const { passed, failed, skipped } = counts;
  const counted = { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped };
  writeFileSync(values.json, JSON.stringify(counted));
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;

async function checkEngine(engine: string, certificate: { cert: string; key: string }): Promise<void> {
  const place = engineFolders[engine];
  if (place === undefined) throw new Error(`there are no checks of ${engine}`);
  const plainPort = await startEngine(engine, "plain", {});
  const tlsPort = await startEngine(engine, "tls", {
    WEFTKIT_TLS_ENABLED: "true",
    WEFTKIT_TLS_CERT_FILE: certificate.cert,
    WEFTKIT_TLS_KEY_FILE: certificate.key,
  });
  const openPort = await startEngine(engine, "open", { WEFTKIT_AUTH: "none" });
  const environment = {
    WEFTKIT_TEST_PORT: String(plainPort),
    WEFTKIT_TEST_TLS_PORT: String(tlsPort),
    WEFTKIT_TEST_OPEN_PORT: String(openPort),
    WEFTKIT_TEST_CA: certificate.cert,
    WEFTKIT_TEST_USER: user,
    WEFTKIT_TEST_PASSWORD: password,
    WEFTKIT_TEST_DIST: join(import.meta.dirname, `../../images/${engine}/dist`),
  };
  for (const name of readdirSync(join(import.meta.dirname, place)).sort()) {
    const language = languageOf(name);
    if (language === undefined) continue;
    await check(`${engine} ${name}`, join(place, name), language, environment);
  }
}

async function check(
  name: string,
  place: string,
  language: Language,
  environment: Record<string, string>,
): Promise<void> {
  const missing = language.needs.filter((program) => !isInstalled(program));
  if (missing.length > 0) {
    console.log(`${name}: skipped, there is no ${missing.join(" and no ")} here`);
    if (process.env.CI) counts.failed++;
    else counts.skipped++;
    return;
  }
  const copy = join(folder, "checks", place);
  cpSync(join(import.meta.dirname, place), copy, { recursive: true });
  for (const [program = "", ...args] of language.install) {
    const { status } = spawnSync(program, args, { cwd: copy, stdio: ["ignore", "inherit", "inherit"] });
    if (status === 0) continue;
    console.log(`not ok ${name}: ${program} ${args.join(" ")} ended with ${status}`);
    counts.failed++;
    return;
  }
  const [program = "", ...args] = language.run;
  const child = spawn(program, args, {
    cwd: copy,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: runTimeoutMs,
    killSignal: "SIGKILL",
  });
  const lines = createInterface(child.stdout);
  lines.on("line", (line) => {
    if (line.startsWith("ok ")) counts.passed++;
    else if (line.startsWith("not ok ")) counts.failed++;
    console.log(`${name}: ${line}`);
  });
  const [code] = (await once(child, "close")) as [number | null];
  // Failed checks are counted already; any other end must not look like a good one.
  if (code === 0 || code === 1) return;
  console.log(`not ok ${name}: the checks ended with ${code ?? "a signal"}`);
  counts.failed++;
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((path) => existsSync(join(path, program)));
}

function makeCertificate(): { cert: string; key: string } {
  const [cert, key] = [join(folder, "server.crt"), join(folder, "server.key")];
  const kind = ["-newkey", "rsa:2048", "-nodes", "-days", "2"];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", cert], {
    stdio: "pipe",
  });
  return { cert, key };
}

/** Starts a bundled engine on a free port; resolves to it. */
async function startEngine(
  engine: string,
  name: string,
  environment: Record<string, string>,
): Promise<number> {
  const bundle = join(import.meta.dirname, `../../images/${engine}/dist/main.mjs`);
  if (!existsSync(bundle)) throw new Error(`there is no ${bundle}: run \`npm run build\` first`);
  const dataDir = join(folder, `data-${engine}-${name}`);
  mkdirSync(dataDir);
  const child = spawn(process.execPath, [bundle], {
    env: {
      PATH: process.env.PATH ?? "",
      WEFTKIT_DATA_DIR: dataDir,
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_PORT: "0",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_USER: user,
      WEFTKIT_PASSWORD: password,
      ...environment,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  engines.push(child);
  for await (const line of createInterface(child.stdout)) {
    const { msg, port } = JSON.parse(line) as { msg: string; port: number };
    if (msg === "ready") {
      child.stdout.resume();
      return port;
    }
  }
  throw new Error(`${engine} did not start (${name})`);
}
