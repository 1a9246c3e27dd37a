import { engines } from "@weftkit/config";
import {
  AbstractStartedContainer,
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  Wait,
} from "testcontainers";
import manifest from "../package.json" with { type: "json" };
import { type Certificate, selfSigned } from "./certificate.ts";
import { EngineState } from "./engine-state.ts";
import { type LocalOptions, startLocalEngine } from "./local-engine.ts";
import {
  connectionUriOf,
  type EngineSettings,
  environmentOf,
  filesOf,
  newToken,
  sharedToken,
} from "./settings.ts";
import type { Account, EngineName, StartedEngine } from "./started-engine.ts";

const adminPort = 9464;
/** Where the files are that an engine reads. */
const folder = "/run/weftkit";

/** An engine in a container; everything that a `GenericContainer` has can be set beside it. */
export abstract class WeftKitContainer extends GenericContainer {
  readonly #engine: EngineName;
  readonly #image: string;
  #accounts: Account[] = [];
  #certificate: Certificate | undefined;
  #isSecure = false;
  #isReused = false;
  #snapshot: Uint8Array | string | undefined;

  /** `image` where it is not `weftkit/<engine>` of this package's version. */
  protected constructor(engine: EngineName, image?: string) {
    const wanted = image ?? `weftkit/${engine}:${manifest.version}`;
    super(wanted);
    this.#engine = engine;
    this.#image = wanted;
    this.withExposedPorts(engines[engine].port, adminPort).withWaitStrategy(
      Wait.forHttp("/readyz", adminPort),
    );
  }

  /** Somebody who may log in; without anybody nobody has to. The first is who `connectionUri` is of. */
  withAccount(username: string, password: string, roles: readonly string[] = ["superuser"]): this {
    this.#accounts.push({ username, password, roles });
    return this;
  }

  /** Serves TLS: with this certificate, or with one that is made for it. */
  withTls(certificate?: Certificate): this {
    this.#isSecure = true;
    this.#certificate = certificate;
    return this;
  }

  /** The state that it begins with, from `snapshot()` or from a file of `saveSnapshot`. */
  withSnapshot(snapshot: Uint8Array | string): this {
    this.#snapshot = snapshot;
    return this;
  }

  override withReuse(): this {
    this.#isReused = true;
    return super.withReuse();
  }

  override async start(): Promise<StartedEngineContainer> {
    if (this.#isReused && this.#isSecure && this.#certificate === undefined) {
      throw new Error("a container that is reused needs the same certificate each time: give withTls one");
    }
    const { host } = (await getContainerRuntimeClient()).info.containerRuntime;
    const settings = this.#settings([host, "host.docker.internal"]);
    this.withEnvironment(environmentOf(settings));
    for (const { variable, name, content } of filesOf(settings)) {
      const target = `${folder}/${name}`;
      this.withEnvironment({ [variable]: target }).withCopyContentToContainer([{ content, target }]);
    }
    const started = new StartedEngineContainer(await super.start(), settings);
    return await this.#withState(started);
  }

  /**
   * Starts the engine as a process of this machine instead, without Docker: on free ports of the loopback address, with a data folder
   * that is removed at its end. What is only set for containers (networks, mounts, reuse) is left out.
   */
  async startLocal(options: LocalOptions = {}): Promise<StartedEngine> {
    return await this.#withState(await startLocalEngine(this.#settings(), this.environment, options));
  }

  async #withState<Started extends StartedEngine>(started: Started): Promise<Started> {
    if (this.#snapshot === undefined) return started;
    try {
      await started.restore(this.#snapshot);
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /** `hosts`: under which names it is met, beside those of this machine. */
  #settings(hosts: readonly string[] = []): EngineSettings {
    if (this.#isSecure) this.#certificate ??= selfSigned(["localhost", "127.0.0.1", "::1", ...hosts]);
    return {
      engine: this.#engine,
      accounts: this.#accounts,
      certificate: this.#certificate,
      adminToken: this.#isReused ? sharedToken(this.#image, this.#accounts) : newToken(),
    };
  }
}

/** See `StartedEngine`. */
export class StartedEngineContainer extends AbstractStartedContainer implements StartedEngine {
  readonly #settings: EngineSettings;
  readonly #state: EngineState;

  constructor(container: StartedTestContainer, settings: EngineSettings) {
    super(container);
    this.#settings = settings;
    this.#state = new EngineState(this.adminUrl, settings.adminToken);
  }

  get connectionUri(): string {
    return connectionUriOf(this.#settings, this.host, this.port);
  }

  get host(): string {
    return this.getHost();
  }

  get port(): number {
    return this.getMappedPort(engines[this.#settings.engine].port);
  }

  get username(): string {
    return this.#settings.accounts[0]?.username ?? "";
  }

  get password(): string {
    return this.#settings.accounts[0]?.password ?? "";
  }

  get adminUrl(): string {
    return `http://${this.getHost()}:${this.getMappedPort(adminPort)}`;
  }

  get adminToken(): string {
    return this.#settings.adminToken;
  }

  get certificate(): string | undefined {
    return this.#settings.certificate?.cert;
  }

  snapshot(): Promise<Uint8Array> {
    return this.#state.snapshot();
  }

  restore(snapshot?: Uint8Array | string): Promise<void> {
    return this.#state.restore(snapshot);
  }

  saveSnapshot(file: string): Promise<void> {
    return this.#state.save(file);
  }
}
