import { type ConformanceResult, runConformance } from "@weftkit/persist/conformance";
import { Command } from "commander";
import { exitCodes } from "../../exit-codes.ts";
import { readEndpoint } from "../../persist/endpoint.ts";
import { advised } from "../../persist/failure.ts";
import { type EndpointOptions, withEndpointOptions } from "../../persist/options.ts";
import { Failure } from "../../terminal/failure.ts";
import { paint } from "../../terminal/paint.ts";
import { counted } from "../../terminal/quantities.ts";

/** `weftkit persist conformance` */
export function conformanceCommand(exit: (code: number) => void): Command {
  const command = new Command("conformance")
    .description("put an endpoint through the contract, check by check")
    .argument("[url]", "the endpoint (default: WEFTKIT_PERSIST_URL, else url in weftkit.toml)");
  return withEndpointOptions(command, { url: false })
    .addHelpText(
      "after",
      `
Works in subtrees conformance/check/<random> of its own, whose few small objects stay in the store. Takes a secret that
the endpoint knows; other states are not touched. The exit code is 1 when a check fails. docs/wkp-1.md is the contract.

Example:
  weftkit persist conformance https://state.example.com --secret-file secrets/persist_secret`,
    )
    .action((url: string | undefined, options: EndpointOptions) => conformance(url, options, exit));
}

async function conformance(
  given: string | undefined,
  options: EndpointOptions,
  exit: (code: number) => void,
): Promise<void> {
  const results = await advised(async () => {
    const { url, keys } = readEndpoint(given === undefined ? options : { ...options, url: given });
    const { id, secret } = keys[0]!;
    await requireAnswer(url);
    const onResult = options.json ? () => {} : printResult;
    return await runConformance({ url, key: secret, keyId: id, onResult });
  });
  const failed = results.filter(({ passed }) => !passed);
  if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else printSummary(results.length, failed.length);
  if (failed.length > 0) exit(exitCodes.failed.code);
}

/** An endpoint that is not there at all would fail every check, one timeout after the other. */
async function requireAnswer(url: string): Promise<void> {
  try {
    await fetch(url, { signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    throw new Failure(
      "unavailable",
      `${url} does not answer: ${cause}`,
      "Is it running, and is the URL right?",
    );
  }
}

function printResult({ name, expectation, passed, problem }: ConformanceResult): void {
  const mark = passed ? paint(process.stdout, "green", "ok  ") : paint(process.stdout, "red", "FAIL");
  process.stdout.write(`${mark}  ${name}\n`);
  if (!passed)
    process.stdout.write(`      ${expectation}\n      Instead: ${problem?.replace(/\s+/g, " ")}\n`);
}

function printSummary(all: number, failed: number): void {
  const text =
    failed === 0
      ? `The endpoint keeps the contract: ${counted(all, "check")} passed.`
      : `${failed} of ${counted(all, "check")} failed. docs/wkp-1.md says what an endpoint does.`;
  process.stdout.write(`\n${paint(process.stdout, failed === 0 ? "green" : "red", text)}\n`);
}
