import { join } from "node:path";
import { expectPastedLinesToCompose, runDeployScript } from "@weftkit/testing/deploy-script";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "..");
const url = "https://shop-state-abcdef-ew.a.run.app";
const secret = "0a1b".repeat(16);

/** As gcloud in an empty project. */
const answers = `
case "$*" in
"config get-value project"*) echo my-project ;;
"config get-value functions/region"*) echo europe-west1 ;;
"functions describe"*) echo ${url} ;;
*" describe "*) exit 1 ;;
"secrets create"*) [ "$(cat | wc -c)" = 64 ] ;;
"secrets versions access"*) echo ${secret} ;;
esac
`;

test("deploys to an empty project with one command, and prints the lines to paste", () => {
  const { asked, printed } = runDeployScript({
    folder,
    cli: { name: "gcloud", answers },
    args: ["shop-state", "WKP_LEASE_SECONDS=300", "WKP_LOG_LEVEL=debug"],
  });
  const made = [
    "storage buckets create",
    "iam service-accounts create",
    "iam roles create",
    "secrets create",
  ];
  for (const what of made)
    expect(
      asked.filter((line) => line.startsWith(what)),
      what,
    ).toHaveLength(1);
  expect(asked.find((line) => line.startsWith("functions deploy shop-state"))).toContain(
    "--set-env-vars WKP_STORE=gs://my-project-shop-state,WKP_LEASE_SECONDS=300,WKP_LOG_LEVEL=debug --set-secrets WKP_SECRET=shop-state:latest",
  );
  expectPastedLinesToCompose(printed, url, secret);
});
