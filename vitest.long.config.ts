import { defineConfig } from "vitest/config";
import { testsOf } from "./scripts/test-projects.ts";

export default defineConfig(testsOf("long"));
