// The published client of Azure Resource Manager, @azure/arm-resources 5.2.0, unmodified, deploys templates to a live
// peeringd over HTTPS; the same environment as arm_peering.test.mjs.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PeeringManagementClient } from "@azure/arm-peering";
import { ResourceManagementClient } from "@azure/arm-resources";

const { PEERING_HTTPS, PEERING_TOKEN, PEERING_SUBSCRIPTION } = process.env;
const GROUP = "contract";
const NAME = "from-template";

const credential = { getToken: async () => ({ token: PEERING_TOKEN, expiresOnTimestamp: Date.now() + 3600e3 }) };
const options = { endpoint: PEERING_HTTPS, retryOptions: { maxRetries: 0 } };
const peering = new PeeringManagementClient(credential, PEERING_SUBSCRIPTION, options);
const resources = new ResourceManagementClient(credential, PEERING_SUBSCRIPTION, options);

const template = {
  $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  contentVersion: "1.0.0.0",
  parameters: { service: { type: "string" }, prefixes: { type: "array" }, secret: { type: "securestring" } },
  variables: { id: "[resourceId('Microsoft.Peering/peeringServices', parameters('service'))]" },
  resources: [
    {
      type: "Microsoft.Peering/peeringServices",
      apiVersion: "2022-10-01",
      name: "[parameters('service')]",
      location: "[resourceGroup().location]",
      properties: {},
    },
    {
      type: "Microsoft.Peering/peeringServices/prefixes",
      apiVersion: "2022-10-01",
      name: "[format('{0}/site{1}', parameters('service'), copyIndex())]",
      copy: { name: "sites", count: "[length(parameters('prefixes'))]" },
      dependsOn: ["[variables('id')]"],
      properties: { prefix: "[parameters('prefixes')[copyIndex()]]" },
    },
  ],
  outputs: {
    state: { type: "string", value: "[reference(variables('id')).provisioningState]" },
    id: { type: "string", value: "[variables('id')]" },
  },
};
const order = (prefixes) => ({
  properties: {
    mode: "Incremental",
    template,
    parameters: { service: { value: "templated" }, prefixes: { value: prefixes }, secret: { value: "hush" } },
  },
});

const collect = async (pages) => {
  const all = [];
  for await (const item of pages) all.push(item);
  return all;
};

describe("deployments", () => {
  it("say what they would change", async () => {
    const told = await resources.deployments.beginWhatIfAndWait(GROUP, NAME, order(["100.30.1.0/24"]));
    assert.equal(told.status, "Succeeded");
    const made = told.changes.filter((each) => each.changeType === "Create").map((each) => each.resourceId);
    assert.equal(made.length, 2);
    assert.equal(await resources.deployments.checkExistence(GROUP, NAME).then((answer) => answer.body), false);
  });

  it("are validated", async () => {
    const fine = await resources.deployments.beginValidateAndWait(GROUP, NAME, order(["100.30.1.0/24"]));
    assert.equal(fine.properties.validatedResources.length, 2);
  });

  it("make resources and tell outputs", async () => {
    const done = await resources.deployments.beginCreateOrUpdateAndWait(
      GROUP, NAME, order(["100.30.1.0/24", "100.30.2.0/24"]));
    assert.equal(done.properties.provisioningState, "Succeeded");
    assert.equal(done.properties.outputs.state.value, "Succeeded");
    assert.equal(done.properties.outputResources.length, 3);
    assert.equal(done.properties.dependencies.length, 2);
    assert.ok(done.properties.timestamp instanceof Date);
    assert.deepEqual(done.properties.parameters.secret, { type: "SecureString" });
    const prefixes = await collect(peering.prefixes.listByPeeringService(GROUP, "templated"));
    assert.deepEqual(prefixes.map((each) => each.prefix), ["100.30.1.0/24", "100.30.2.0/24"]);
  });

  it("are found again with what they did", async () => {
    assert.equal((await resources.deployments.get(GROUP, NAME)).name, NAME);
    assert.deepEqual((await collect(resources.deployments.listByResourceGroup(GROUP))).map((each) => each.name), [NAME]);
    const operations = await collect(resources.deploymentOperations.list(GROUP, NAME));
    assert.equal(operations.length, 3);
    assert.ok(operations.every((each) => each.properties.provisioningState === "Succeeded"));
    const [first] = operations;
    assert.equal((await resources.deploymentOperations.get(GROUP, NAME, first.operationId)).id, first.id);
    const exported = await resources.deployments.exportTemplate(GROUP, NAME);
    assert.deepEqual(exported.template, template);
  });

  it("fail with the reasons", async () => {
    await assert.rejects(
      resources.deployments.beginCreateOrUpdateAndWait(GROUP, "wrong", order(["100.30.1.7/24"])),
      (error) => error.statusCode === 400 && error.code === "InvalidTemplateDeployment" &&
        error.details.error.details[0].message.includes("100.30.1.7/24"));
  });

  it("go from the history", async () => {
    await resources.deployments.beginDeleteAndWait(GROUP, NAME);
    await assert.rejects(resources.deployments.get(GROUP, NAME), (error) => error.code === "DeploymentNotFound");
    await peering.peeringServices.delete(GROUP, "templated");
  });
});

describe("deployments of a subscription", () => {
  it("make groups", async () => {
    const done = await resources.deployments.beginCreateOrUpdateAtSubscriptionScopeAndWait("groups", {
      location: "eastus",
      properties: {
        mode: "Incremental",
        template: {
          $schema: "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
          contentVersion: "1.0.0.0",
          resources: [{ type: "Microsoft.Resources/resourceGroups", apiVersion: "2021-04-01", name: "made",
                        location: "eastus" }],
        },
      },
    });
    assert.equal(done.properties.provisioningState, "Succeeded");
    assert.equal((await resources.resourceGroups.get("made")).location, "eastus");
  });
});

describe("resources by their id", () => {
  const id = (name) =>
    `/subscriptions/${PEERING_SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Peering/peeringServices/${name}`;
  const exists = async (name) => (await resources.resources.checkExistenceById(id(name), "2022-10-01")).body;

  it("are made, looked for and deleted", async () => {
    assert.equal(await exists("by-id"), false);
    const made = await resources.resources.beginCreateOrUpdateByIdAndWait(id("by-id"), "2022-10-01", { location: "eastus" });
    assert.equal(made.name, "by-id");
    assert.equal(await exists("by-id"), true);
    await resources.resources.beginDeleteByIdAndWait(id("by-id"), "2022-10-01");
    assert.equal(await exists("by-id"), false);
  });
});
