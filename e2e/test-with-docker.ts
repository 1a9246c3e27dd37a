import { inject, test } from "vitest";

/** `test`, where a Docker engine answers. */
export const testWithDocker = test.skipIf(!inject("hasDocker"));
