/** Mistakes in policies: where each is refused, that the message says what to change, and that other policies are not affected. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { until } from '../local-cluster/cluster.ts';
import type { Backend } from './backend.ts';
import { ask, Load } from './client.ts';
import { Harness } from './harness.ts';
import { policy, policyPath } from './objects.ts';

let harness: Harness;
let a: Backend, b: Backend;
let bystanders: Load;
before(async () => {
  harness = await Harness.start();
  [a, b] = await harness.backends('a', 'b');
  await harness.publish('web', a, b);
  await harness.apply('bystander', { ...toWeb(8400) });
  await harness.untilProgrammed('bystander');
  bystanders = new Load(
    harness.gateways.map((gateway) => gateway.url(8400)),
    1,
  );
});
after(async () => {
  await bystanders.stop();
  await harness.stop();
});

const toWeb = (port: number) => ({ listener: { port }, backendRefs: [{ name: 'web', port: 80 }] });

/** What the schema refuses: kubectl fails and shows the message, and nothing is stored. */
const REFUSED: readonly [what: string, spec: object, message: RegExp][] = [
  ['an unknown field', { ...toWeb(8401), loadBalancing: {} }, /unknown field "spec\.loadBalancing"/],
  ['an unknown field, nested', { ...toWeb(8401), listener: { port: 8401, hots: ['a'] } }, /unknown field "spec\.listener\.hots"/],
  [
    'a wrong type',
    { ...toWeb(8401), listener: { port: true } },
    /spec\.listener\.port.*must be of type integer,string: "boolean"/,
  ],
  [
    'a port as text',
    { ...toWeb(8401), listener: { port: '8401' } },
    /^The LoadBalancerPolicy "wrong" is invalid: spec\.listener\.port: Invalid value: "8401": must be a number, such as 80: [^*\n]+\n$/,
  ],
  ['port 0', toWeb(0), /spec\.listener\.port: Invalid value: 0: .*should be greater than or equal to 1/],
  ['port 70000', toWeb(70_000), /spec\.listener\.port: Invalid value: 70000: .*should be less than or equal to 65535/],
  ["a port of the proxies' own", toWeb(9900), /9900 and 9901 belong to the proxies' own .* choose another port/],
  [
    'no backendRefs',
    { listener: { port: 8401 } },
    /spec\.backendRefs: .*name at least one Service in backendRefs, or set requestRedirect/,
  ],
  ['empty backendRefs', { ...toWeb(8401), backendRefs: [] }, /spec\.backendRefs: Invalid value: .*should have at least 1 items/],
  [
    'port 0 of a Service',
    { ...toWeb(8401), backendRefs: [{ name: 'web', port: 0 }] },
    /backendRefs\[0\]\.port: Invalid value: 0/,
  ],
  ['an unknown strategy', { ...toWeb(8401), loadBalancer: { type: 'Fastest' } }, /supported values: "RoundRobin", .*"Random"/],
  [
    'a duration in words',
    { ...toWeb(8401), timeouts: { connect: '5 seconds' } },
    /^The LoadBalancerPolicy "wrong" is invalid: spec\.timeouts\.connect: Invalid value: "5 seconds": must be a duration [^*\n]+\n$/,
  ],
  [
    'a duration without its unit',
    { ...toWeb(8401), healthCheck: { active: { type: 'TCP', timeout: 2 } } },
    /^The LoadBalancerPolicy "wrong" is invalid: \n\* spec\.healthCheck\.active\.timeout: Invalid value: "integer": [^*\n]+ must be of type string: "integer"\n\* <nil>: [^*\n]+ not checked [^*\n]+\n$/,
  ],
  [
    'a body to expect of a TCP check',
    { ...toWeb(8401), healthCheck: { active: { type: 'TCP', expectedBody: 'x' } } },
    /remove them, or set type to HTTP/,
  ],
];

for (const [what, spec, message] of REFUSED) {
  test(`${what} is refused at admission, and says why`, async () => {
    const { code, out, err } = await harness.kubectl(['apply', '-f', '-'], JSON.stringify(policy('wrong', spec)));
    assert.equal(code, 1, out);
    assert.match(err, message);
    assert.equal(await harness.api.find(policyPath(harness.namespace, 'wrong')), undefined);
  });
}

/** What a schema cannot check: the policy is stored, and a condition says what to change. */
const ACCUSED: readonly [what: string, spec: Parameters<Harness['apply']>[1], type: string, reason: string, message: RegExp][] = [
  [
    'a missing Service',
    { ...toWeb(8402), backendRefs: [{ name: 'absent', port: 80 }] },
    ...(['ResolvedRefs', 'BackendNotFound', /Service \S+\/absent does not exist: create it, or correct the name/] as const),
  ],
  [
    'a missing port',
    { ...toWeb(8402), backendRefs: [{ name: 'web', port: 81 }] },
    ...(['ResolvedRefs', 'PortNotFound', /Service \S+\/web has no port 81.*80/] as const),
  ],
  [
    'a bad expectedBody',
    { ...toWeb(8402), healthCheck: { active: { type: 'HTTP', expectedBody: '(unclosed' } } },
    ...(['Accepted', 'InvalidExpression', /healthCheck\.active\.expectedBody/] as const),
  ],
  [
    'a bad expression in a match',
    { ...toWeb(8402), matches: [{ path: { type: 'RegularExpression', value: '/v[0-9' } }, {}] },
    ...(['Accepted', 'InvalidExpression', /matches\[0\]\.path\.value is not a regular expression .*missing closing \]/] as const),
  ],
  [
    "the operator's own port",
    toWeb(9801),
    ...(['Accepted', 'PortUnavailable', /9801 is reserved for Outrigger itself: choose another listener\.port/] as const),
  ],
];

for (const [what, spec, type, reason, message] of ACCUSED) {
  test(`${what} is reported in the condition ${type}, and can be corrected`, async () => {
    await harness.apply('accused', spec);
    const condition = await harness.untilCondition('accused', type, 'False', reason);
    assert.match(condition.message, message);
    if (type === 'Accepted') {
      await harness.untilCondition('accused', 'Programmed', 'False', 'Invalid');
    } else {
      // The proxies run it without any endpoint.
      await harness.untilProgrammed('accused');
      const { status, headers } = await ask(harness.gateways[0].url(8402));
      assert.deepEqual([status, headers['outrigger-reason']], [503, 'no-endpoint']);
    }
    await harness.apply('accused', toWeb(8402));
    await harness.untilCondition('accused', type, 'True');
    await harness.untilProgrammed('accused');
    assert.equal((await ask(harness.gateways[0].url(8402))).status, 200);
    await harness.remove('accused');
  });
}

test('of two policies on one match the older wins; the status of the other names it, and the other takes over when it is deleted', async () => {
  await harness.publish('only-b', b);
  // By name, the younger one would come first.
  const { metadata } = await harness.apply('z-older', { ...toWeb(8403), backendRefs: [{ name: 'web', port: 80 }] });
  await until('the second of its creation is over', 5_000, () => Date.now() >= Date.parse(metadata.creationTimestamp) + 1000);
  await harness.apply('a-younger', { ...toWeb(8403), backendRefs: [{ name: 'only-b', port: 80 }] });
  const lost = await harness.untilCondition('a-younger', 'Accepted', 'False', 'Conflicted');
  assert.match(
    lost.message,
    new RegExp(
      `^Policy ${harness.namespace}/z-older is older and already takes .*port 8403.*: change matches, hostnames or port`,
    ),
  );
  await harness.untilProgrammed('z-older');
  await harness.remove('z-older');
  await harness.untilCondition('a-younger', 'Accepted', 'True');
  await harness.untilProgrammed('a-younger');
  assert.equal((await ask(harness.gateways[0].url(8403))).body, 'b');
});

test('a match that no request can match is named in a policy that serves all the same; corrected, it is accepted without a word', async () => {
  const tls = { path: { value: '/tls' }, headers: [{ name: 'X-Forwarded-Proto', value: 'https' }] };
  await harness.apply('half-dead', { ...toWeb(8404), matches: [{ path: { value: '/plain' } }, tls] });
  await harness.untilCondition('half-dead', 'Accepted', 'True', 'CannotMatch');
  await harness.untilProgrammed('half-dead');
  const { out } = await harness.kubectl(['describe', 'lbp', 'half-dead']);
  assert.match(out, /1 of its 2 matches can never match .*matches\[1\]\.headers\[0\] \(x-forwarded-proto\) never holds/);
  const statusOf = async (path: string) =>
    (await ask(harness.gateways[0].url(8404, path), { headers: { 'x-forwarded-proto': 'https' } })).status;
  assert.equal(await statusOf('/plain'), 200);
  assert.equal(await statusOf('/tls'), 404);
  const trusting = { ...toWeb(8404), listener: { port: 8404, clientAddress: { trustedHops: 1 } } };
  await harness.apply('half-dead', { ...trusting, matches: [tls] });
  await harness.untilCondition('half-dead', 'Accepted', 'True', 'Accepted');
  await harness.untilProgrammed('half-dead');
  assert.equal(await statusOf('/tls'), 200);
  await harness.remove('half-dead');
});

test('without strict validation an unknown field causes a warning and is not stored', async () => {
  const body = JSON.stringify(policy('pruned', { ...toWeb(8404), loadBalancing: {} }));
  const { code, err } = await harness.kubectl(['apply', '--validate=warn', '-f', '-'], body);
  assert.equal(code, 0, err);
  assert.match(err, /Warning: unknown field "spec\.loadBalancing"/);
  assert.ok(!('loadBalancing' in (await harness.policy('pruned')).spec));
});

test('no request of another policy failed meanwhile', async () => {
  const { sent, failed } = await bystanders.stop();
  assert.deepEqual(failed, []);
  assert.ok(sent > 100, `${sent} requests`);
});
