import { join } from "node:path";
import { expectPastedLinesToCompose, runDeployScript } from "@weftkit/testing/deploy-script";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "..");
const url = "https://weftkit-state-abcdefghijklm.azurewebsites.net";

/** As az, in a subscription where the group has so many apps. */
const answers = (apps: number) => `
case "$*" in
"group show"*) exit ${apps === 0 ? 3 : 0} ;;
"resource list"*) echo ${apps} ;;
"deployment group create"*) printf '%s\\t' ${url} app account; echo wkp-vault ;;
esac
`;

test("deploys to an empty subscription with one command, and prints the lines to paste", () => {
  const { asked, printed } = runDeployScript({
    folder,
    cli: { name: "az", answers: answers(0) },
    others: ["zip"],
    args: ["shop-state", "leaseSeconds=300"],
    env: { LOCATION: "westeurope" },
  });
  expect(asked).toContain("group create --name shop-state --location westeurope --output none");
  const deployment = asked.find((line) => line.startsWith("deployment group create"))!;
  const secret = / leaseSeconds=300 secret=([0-9a-f]{64}) /.exec(deployment)?.[1];
  expectPastedLinesToCompose(printed, url, secret!);
});

test("an update leaves the secret where it is, and says how to read it", () => {
  const { asked, printed } = runDeployScript({
    folder,
    cli: { name: "az", answers: answers(1) },
    others: ["zip"],
  });
  expect(asked.join("\n")).not.toContain("secret=");
  expect(printed).toContain("az keyvault secret show --vault-name wkp-vault --name persist-secret");
});
