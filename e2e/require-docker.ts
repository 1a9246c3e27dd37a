import type { TestProject } from "vitest/node";
import { docker, image, removeLeftovers } from "./docker.ts";

declare module "vitest" {
  export interface ProvidedContext {
    readonly hasDocker: boolean;
  }
}

/**
 * Without a Docker engine the tests are skipped, and one line says so; in CI that is a failure, because there a skip
 * would hide that nothing was tested. Whatever an earlier run left behind is removed before and after.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = await docker("version", "--format", "{{.Server.Version}}");
  project.provide("hasDocker", engine.code === 0);
  if (engine.code !== 0) {
    if (process.env.CI) throw new Error(`CI needs a Docker engine (.ci/docker.sh): ${engine.stderr}`);
    console.log("e2e: skipped, no Docker engine answers here");
    return async () => {};
  }
  if ((await docker("image", "inspect", image)).code !== 0) {
    throw new Error(`there is no image ${image}: run \`npm run images\` first`);
  }
  await removeLeftovers();
  return removeLeftovers;
}
