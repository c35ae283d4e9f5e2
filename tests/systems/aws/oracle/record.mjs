// Asks an independent evaluator, npm @cloud-copilot/iam-simulate (AGPL: a developer's oracle, never a dependency), for its
// answers to cases.json and writes them to answers.json. By hand: npm install @cloud-copilot/iam-simulate && node record.mjs FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
const folder = process.argv[2];
const { runSimulation } = createRequire(process.cwd() + "/")("@cloud-copilot/iam-simulate");
const account = "111122223333";
const answers = [];
for (const one of JSON.parse(readFileSync(`${folder}/cases.json`))) {
  const name = (policies) => policies.map((policy, number) => ({ name: `p${number}`, policy }));
  const answer = await runSimulation({
    request: {
      principal: one.principal, action: one.action, contextVariables: one.context,
      resource: { resource: one.resource, accountId: account },
    },
    identityPolicies: name(one.identity), resourceControlPolicies: [], resourcePolicy: one.resource_policy,
    serviceControlPolicies: one.scps.map((policies, number) => ({ orgIdentifier: `o-${number}`, policies: name(policies) })),
    sessionPolicy: one.session,
    permissionBoundaryPolicies: one.boundary ? name([one.boundary]) : undefined,
  }, {});
  answers.push(answer.resultType === "error" ? `error: ${JSON.stringify(answer.errors)}` : answer.overallResult ?? answer.result?.evaluationResult ?? JSON.stringify(answer).slice(0, 200));
}
writeFileSync(`${folder}/answers.json`, JSON.stringify(answers).replaceAll('",', '",\n') + "\n");
