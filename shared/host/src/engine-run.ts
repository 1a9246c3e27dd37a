import type { ChangeForm, ChangeLog } from "@weftkit/changes";
import { type EngineName, withoutSecrets } from "@weftkit/config";
import type { Deadline } from "@weftkit/core";
import { createMetrics, type Readiness, type Registry } from "@weftkit/observe";
import type { Stream } from "@weftkit/persist";
import type { Engine, EngineContext } from "./engine.ts";
import type { ImageParts } from "./image-parts.ts";

/** What an engine needs of the image that it runs in. */
export interface EngineSurroundings {
  readonly readiness: Readiness;
  /** Aborted when the shutdown begins. */
  readonly stopping: AbortSignal;
  limitConnections(max: number): number;
  fatal(error: unknown): void;
}

/** One engine, from its creation to its end: an image has another one after a snapshot was restored. */
export class EngineRun<Name extends EngineName> {
  readonly engine: Engine<Name>;
  /** The engine's own: the next one registers the same names again. */
  readonly metrics: Registry;
  readonly #parts: ImageParts<Name>;
  readonly #surroundings: EngineSurroundings;
  readonly #ending = new AbortController();
  #changes: ChangeLog | undefined;
  #changeForm: ChangeForm | undefined;
  #isOpen = false;

  constructor(parts: ImageParts<Name>, surroundings: EngineSurroundings) {
    this.#parts = parts;
    this.#surroundings = surroundings;
    this.engine = parts.definition.create();
    this.metrics = createMetrics({ image: parts.definition.name, processMetrics: false });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get changes(): ChangeLog | undefined {
    return this.#changes;
  }

  get changeForm(): ChangeForm | undefined {
    return this.#changeForm;
  }

  /** To be called once, before `open`, when persistence is on. */
  streams(): readonly Stream[] {
    const { definition, config, log } = this.#parts;
    return this.engine.streams?.(config.server.data_dir, log, config[definition.name]) ?? [];
  }

  async open(): Promise<void> {
    await this.engine.open(this.#context());
    this.#isOpen = true;
  }

  async close(deadline: Deadline): Promise<void> {
    this.#ending.abort();
    await this.engine.close(deadline);
  }

  /** After `close`, and after an `open` that failed. */
  async dispose(): Promise<void> {
    await this.engine.dispose?.();
  }

  #context(): EngineContext<Name> {
    const { definition, config, log, auth } = this.#parts;
    const { readiness, stopping, fatal, limitConnections } = this.#surroundings;
    return {
      name: definition.name,
      version: definition.version,
      section: config[definition.name],
      config: withoutSecrets(config),
      dataDir: config.server.data_dir,
      log,
      metrics: this.metrics,
      auth,
      readiness,
      serveChanges: (changes, form) => {
        this.#changes = changes;
        this.#changeForm = form;
      },
      limitConnections,
      fatal,
      signal: AbortSignal.any([stopping, this.#ending.signal]),
    };
  }
}
