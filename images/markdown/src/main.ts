import { runImage } from "@weftkit/host";
import { MarkdownEngine } from "./engine.ts";
import { weftkitVersion } from "./identity.ts";

await runImage({ name: "markdown", version: weftkitVersion, create: () => new MarkdownEngine() });
