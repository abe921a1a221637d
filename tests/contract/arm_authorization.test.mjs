// The published client of Azure's roles, @azure/arm-authorization 9.0.0, unmodified, against a live peeringd over
// HTTPS; the same environment as arm_peering.test.mjs.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, it } from "node:test";
import { AuthorizationManagementClient } from "@azure/arm-authorization";

const { PEERING_HTTPS, PEERING_TOKEN, PEERING_SUBSCRIPTION } = process.env;
const GROUP = "contract";

const credential = { getToken: async () => ({ token: PEERING_TOKEN, expiresOnTimestamp: Date.now() + 3600e3 }) };
const options = { endpoint: PEERING_HTTPS, retryOptions: { maxRetries: 0 } };
const azure = new AuthorizationManagementClient(credential, PEERING_SUBSCRIPTION, options);

const subscription = `/subscriptions/${PEERING_SUBSCRIPTION}`;
const scope = `${subscription}/resourceGroups/${GROUP}`;
const collect = async (pages) => {
  const all = [];
  for await (const item of pages) all.push(item);
  return all;
};
const ids = async (pages) => (await collect(pages)).map((each) => each.id);

let principalId;
let roles;

before(async () => {
  const answer = await fetch(`${PEERING_HTTPS}/providers/Open.Peering/tokens?api-version=2026-11-01`, {
    method: "POST",
    headers: { Authorization: `Bearer ${PEERING_TOKEN}`, "Content-Type": "application/json" },
    body: JSON.stringify({ role: "Reader", scope: subscription, name: "assigned" }),
  });
  principalId = (await answer.json()).id;
  roles = await collect(azure.roleDefinitions.list(scope));
});

const role = (name) => roles.find((each) => each.roleName === name);

describe("role definitions", () => {
  it("are Azure's, by name and id", async () => {
    assert.equal(role("Contributor").name, "b24988ac-6180-42a0-ab88-20f7382dd24c");
    assert.deepEqual((await collect(azure.roleDefinitions.list(scope, { filter: "roleName eq 'Reader'" })))
      .map((each) => each.roleName), ["Reader"]);
    assert.equal((await azure.roleDefinitions.get(scope, role("Owner").name)).roleType, "BuiltInRole");
    assert.equal((await azure.roleDefinitions.getById(role("Owner").id)).roleName, "Owner");
  });
});

describe("role assignments", () => {
  it("are made, listed at every scope, and taken back", async () => {
    const name = randomUUID();
    const made = await azure.roleAssignments.create(scope, name, {
      roleDefinitionId: role("Reader").id, principalId, principalType: "ServicePrincipal",
    });
    assert.equal(made.scope, scope);
    assert.equal(made.principalId, principalId);
    assert.ok(made.createdOn instanceof Date);
    assert.deepEqual(await azure.roleAssignments.get(scope, name), made);
    assert.deepEqual(await azure.roleAssignments.getById(made.id), made);
    const filter = `principalId eq '${principalId}'`;
    assert.deepEqual(await ids(azure.roleAssignments.listForScope(scope, { filter })), [made.id]);
    assert.deepEqual(await ids(azure.roleAssignments.listForSubscription({ filter })), [made.id]);
    assert.deepEqual(await ids(azure.roleAssignments.listForResourceGroup(GROUP, { filter })), [made.id]);
    await azure.roleAssignments.delete(scope, name);
    assert.deepEqual(await ids(azure.roleAssignments.listForScope(scope, { filter })), []);
  });

  it("are refused with Azure's codes", async () => {
    const body = { roleDefinitionId: role("Reader").id, principalId };
    const made = await azure.roleAssignments.create(scope, randomUUID(), body);
    await assert.rejects(azure.roleAssignments.create(scope, randomUUID(), body), { code: "RoleAssignmentExists", statusCode: 409 });
    await assert.rejects(azure.roleAssignments.get(scope, randomUUID()), { code: "RoleAssignmentNotFound", statusCode: 404 });
    await azure.roleAssignments.deleteById(made.id);
  });
});
