import { type Database, statement } from "@weftkit/store";
import { S3Error } from "../errors.ts";
import { deleteObject } from "../objects/delete-object.ts";
import { requireUnlocked } from "../objects/object-lock.ts";
import type { Services } from "../objects/services.ts";
import { type Bucket, bucketByRow } from "../storage/buckets.ts";
import type { LifecycleRule } from "../storage/lifecycle-rule.ts";
import { removeUpload, uploadsBegunBefore } from "../storage/uploads.ts";
import {
  removeVersion,
  updateDetails,
  type Version,
  versionByRow,
  versionsAfter,
} from "../storage/versions.ts";
import { applies, decide, dueAt, type Standing, type Verdict } from "./decide.ts";

/** Versions that are looked at in one go. */
const batch = 500;
const intervalMsMax = 3_600_000;
const intervalMsMin = 1000;

interface Due {
  readonly version: Version;
  readonly verdict: Verdict;
}

/** Does what the buckets' lifecycle rules say, in the background. */
export class Lifecycle {
  readonly #services: Services;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(services: Services) {
    this.#services = services;
    const often = Math.round(services.lifecycleDayMs / 4);
    const intervalMs = Math.max(intervalMsMin, Math.min(intervalMsMax, often));
    this.#timer = setInterval(() => this.#wake(), intervalMs).unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  #wake(): void {
    this.#running ??= this.run()
      .catch((error: unknown) => {
        // The next round begins from the start.
        this.#services.log.warn({ err: error }, "lifecycle rules could not be followed");
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** One round over all buckets that have rules. */
  async run(): Promise<void> {
    const rows = await this.#services.read(
      (db) =>
        statement(db, "SELECT row FROM buckets WHERE settings LIKE '%\"lifecycle\"%'", {
          pluck: true,
        }).all() as number[],
    );
    for (const row of rows) {
      if (this.#isStopped) return;
      const bucket = await this.#services.read((db) => bucketByRow(db, row));
      const rules = bucket?.settings.lifecycle?.filter(({ isEnabled }) => isEnabled) ?? [];
      if (bucket === undefined || rules.length === 0) continue;
      await this.#objects(bucket, rules);
      await this.#uploads(bucket, rules);
    }
  }

  async #objects(bucket: Bucket, rules: readonly LifecycleRule[]): Promise<void> {
    let after: Pick<Version, "key" | "row"> | undefined;
    /** The version before the one that is looked at, when it is of the same key. */
    let newer: Version | undefined;
    let newerNoncurrent = 0;
    while (!this.#isStopped) {
      const { lifecycleDayMs } = this.#services;
      const nowMs = this.#services.clock.wallMs();
      // One more, to see whether the last one is the oldest of its key.
      const found = await this.#services.read((db) => versionsAfter(db, bucket, after, batch + 1));
      const versions = found.slice(0, batch);
      const due: Due[] = [];
      versions.forEach((version, index) => {
        const isSame = newer?.key === version.key;
        newerNoncurrent = isSame && newer?.isLatest === false ? newerNoncurrent + 1 : 0;
        const standing: Standing = {
          noncurrentSince: isSame ? newer!.modifiedAt : undefined,
          newerNoncurrent,
          isOnly: !isSame && found[index + 1]?.key !== version.key,
        };
        newer = version;
        const verdict = decide(rules, version, standing, nowMs, lifecycleDayMs);
        if (verdict.kind !== "keep") due.push({ version, verdict });
      });
      if (due.length > 0) await this.#services.free((db) => this.#act(db, bucket, due, nowMs));
      after = versions.at(-1);
      if (found.length <= batch) return;
    }
  }

  #act(db: Database, { row }: Bucket, due: readonly Due[], nowMs: number): void {
    const bucket = bucketByRow(db, row);
    if (bucket === undefined) return;
    for (const { version, verdict } of due) {
      const current = versionByRow(db, version.row);
      // It was changed or deleted since it was looked at.
      if (current === undefined || current.isLatest !== version.isLatest) continue;
      try {
        this.#follow(db, bucket, current, verdict, nowMs);
      } catch (error) {
        // What is locked stays.
        if (!(error instanceof S3Error)) throw error;
      }
    }
  }

  #follow(db: Database, bucket: Bucket, version: Version, verdict: Verdict, nowMs: number): void {
    const services = this.#services;
    switch (verdict.kind) {
      case "expire":
        deleteObject(db, services, bucket, {
          key: version.key,
          versionId: undefined,
          account: bucket.account,
          bypassesGovernance: false,
          nowMs,
        });
        break;
      case "remove":
        requireUnlocked(version, { nowMs, bypassesGovernance: false });
        if (removeVersion(db, version)) services.sweeper.sweep();
        break;
      case "move":
        updateDetails(db, version, { storageClass: verdict.storageClass });
    }
  }

  async #uploads(bucket: Bucket, rules: readonly LifecycleRule[]): Promise<void> {
    const { lifecycleDayMs, clock, sweeper } = this.#services;
    const nowMs = clock.wallMs();
    for (const rule of rules) {
      const days = rule.abortUploadsDays;
      if (days === undefined || this.#isStopped) continue;
      await this.#services.free((db) => {
        for (const upload of uploadsBegunBefore(db, bucket, nowMs, batch)) {
          const isDue = dueAt(upload.initiatedAt, days, lifecycleDayMs) <= nowMs;
          const object = { key: upload.key, size: 0, details: upload.details, isMarker: false } as Version;
          if (isDue && applies(rule, object) && removeUpload(db, upload)) sweeper.sweep();
        }
      });
    }
  }
}
