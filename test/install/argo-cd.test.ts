/** The health check for Argo CD, run by Debian's Lua 5.1, the language that Argo CD's interpreter speaks; and how it is installed. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { ensureKubectl } from '../../scripts/tools.ts';
import { writeKubeconfig } from '../local-cluster/apiserver/kubeconfig.ts';
import { TestServer } from '../local-cluster/apiserver/testing.ts';

const ROOT = join(import.meta.dirname, '../..');
const CHECK = join(ROOT, 'docs/argo-cd/health.lua');
const KEY = 'resource.customizations.health.outrigger.dev_LoadBalancerPolicy';

const noLua = spawnSync('lua5.1', ['-v'], { stdio: 'ignore' }).error && 'lua5.1 is not installed (apt-get install lua5.1)';
const kubectl = await ensureKubectl().catch((error: unknown) => error as Error);
const noKubectl = typeof kubectl === 'string' ? false : kubectl.message;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface Policy {
  readonly metadata: { readonly generation: number };
  readonly status?: { readonly observedGeneration?: number | undefined; readonly conditions?: readonly Condition[] };
}

interface Health {
  readonly status: string;
  readonly message: string;
}

/** Lua source of a value. Absent members are nil there, as Argo CD makes them. */
function lua(value: unknown): string {
  if (typeof value === 'string')
    return `"${[...Buffer.from(value)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
  if (Array.isArray(value)) return `{${value.map(lua).join(',')}}`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `[${lua(name)}]=${lua(member)}`).join(',')}}`;
}

/** The check's answers. It sees nothing but the object and `ipairs`; messages come back in hexadecimal. */
function healthOf(policies: readonly Policy[]): Health[] {
  const input = `
    for _, obj in ipairs(${lua(policies)}) do
      local check = assert(loadfile(${lua(CHECK)}))
      setfenv(check, { obj = obj, ipairs = ipairs })
      local health = check()
      print(health.status, (health.message:gsub(".", function(c) return string.format("%02x", c:byte()) end)))
    end`;
  const { status, stdout, stderr } = spawnSync('lua5.1', ['-'], { input, encoding: 'utf8', timeout: 30_000 });
  assert.equal(status, 0, stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([name = '', message = '']) => ({ status: name, message: Buffer.from(message, 'hex').toString() }));
}

/** A policy of generation 3 with these conditions, `TYPE=STATUS` or `TYPE=STATUS/REASON`; each has its name as its message. */
function policy(conditions: readonly string[], observedGeneration: number | undefined = 3): Policy {
  const parsed = conditions.map((text): Condition => {
    const [, type = '', status = '', reason = type] = /^(\w+)=(\w+)(?:\/(\w+))?$/.exec(text) ?? [];
    return { type, status, reason, message: `${type} of ${reason}.` };
  });
  return { metadata: { generation: 3 }, status: { ...(observedGeneration && { observedGeneration }), conditions: parsed } };
}

const FINE = ['Accepted=True', 'ResolvedRefs=True', 'Programmed=True'];

/** Conditions, and what Argo CD shows. */
const CASES: readonly (readonly [what: string, policy: Policy, status: string, message: string])[] = [
  ['without a status', { metadata: { generation: 1 } }, 'Progressing', 'The operator has not looked at the policy yet.'],
  [
    'with an empty status',
    { metadata: { generation: 1 }, status: {} },
    'Progressing',
    'The operator has not looked at the policy yet.',
  ],
  ['with the default of the schema', policy(['Ready=Unknown/Pending'], 0), 'Progressing', 'Ready of Pending.'],
  [
    'of which the status is older',
    policy([...FINE, 'Ready=True'], 2),
    'Progressing',
    'The operator has not looked at the latest change yet.',
  ],
  [
    'that was refused before its last change',
    policy(['Accepted=False/Conflicted', 'Stalled=True'], 2),
    'Progressing',
    'The operator has not looked at the latest change yet.',
  ],
  [
    'that proxies do not all run',
    policy([...FINE, 'Ready=True', 'Reconciling=True/Pending']),
    'Progressing',
    'Reconciling of Pending.',
  ],
  ['of which nothing is known', policy([...FINE, 'Ready=Unknown/Pending']), 'Progressing', 'Ready of Pending.'],
  ['that waits', policy([...FINE, 'Ready=False/Pending']), 'Progressing', 'Ready of Pending.'],
  [
    'of an operator without Ready',
    policy(FINE),
    'Progressing',
    'The operator does not know yet whether requests can be answered.',
  ],
  ...['Ready', 'SomeUnhealthy', 'Panic', 'Fallback', 'Idle'].map(
    (reason) =>
      [`that is ready: ${reason}`, policy([...FINE, `Ready=True/${reason}`]), 'Healthy', `Ready of ${reason}.`] as const,
  ),
  ...[
    'NoEndpoints',
    'AllUnhealthy',
    'ZeroWeight',
    'CannotMatch',
    'NoReadyProxies',
    'NoProxies',
    'Rejected',
    'BackendNotFound',
  ].map(
    (reason) =>
      [`that is not: ${reason}`, policy([...FINE, `Ready=False/${reason}`]), 'Degraded', `Ready of ${reason}.`] as const,
  ),
  [
    'that is refused',
    policy(['Accepted=False/Conflicted', 'Stalled=True/Conflicted', 'Ready=False/Conflicted']),
    'Degraded',
    'Accepted of Conflicted.',
  ],
  ['that is stalled', policy(['Stalled=True/Invalid', 'Ready=Unknown/Pending']), 'Degraded', 'Stalled of Invalid.'],
];

/** Fails unless the health is what the conditions say. */
function check({ metadata, status: given }: Policy, { status, message }: Health): void {
  const conditions = given?.conditions ?? [];
  const is = (type: string, wanted: string) => conditions.some((one) => one.type === type && one.status === wanted);
  const isNoWithReason = (type: string) =>
    conditions.some((one) => one.type === type && one.status === 'False' && one.reason !== 'Pending');
  const current = given?.observedGeneration === metadata.generation;
  const refused = current && (is('Stalled', 'True') || isNoWithReason('Accepted'));
  const settled = current && !refused && !is('Reconciling', 'True');
  const degraded = refused || (settled && isNoWithReason('Ready'));
  const expected = degraded ? 'Degraded' : settled && is('Ready', 'True') ? 'Healthy' : 'Progressing';
  assert.equal(status, expected);
  assert.ok(message.length > 0);
  if (settled) assert.ok(conditions.every((one) => one.type !== 'Ready' || one.message === '' || one.message === message));
}

describe('health of a policy for Argo CD', { skip: noLua ?? false }, () => {
  const answers = noLua === undefined ? healthOf(CASES.map(([, object]) => object)) : [];
  for (const [i, [what, , status, message]] of CASES.entries()) {
    test(`${what}: ${status}`, () => assert.deepEqual(answers[i], { status, message }));
  }

  test('a condition without a message has one all the same', () => {
    const conditions = [{ type: 'Ready', status: 'False', reason: 'NoEndpoints', message: '' }];
    const object = { metadata: { generation: 1 }, status: { observedGeneration: 1, conditions } };
    assert.deepEqual(healthOf([object]), [{ status: 'Degraded', message: 'Requests cannot be answered.' }]);
  });

  test('whatever the conditions are: Healthy means Ready, Degraded names what is False, and messages are passed on', () => {
    const state = fc.constantFrom('True', 'False', 'Unknown');
    const reason = fc.constantFrom('Pending', 'Ready', 'NoEndpoints', 'Conflicted');
    const condition = (type: string) =>
      fc.option(fc.record({ type: fc.constant(type), status: state, reason, message: fc.string() }));
    const some = fc
      .tuple(...['Ready', 'Accepted', 'ResolvedRefs', 'Stalled', 'Reconciling'].map(condition))
      .map((all) => all.filter((one) => one !== null));
    const policies = fc.record({
      metadata: fc.record({ generation: fc.integer({ min: 1, max: 2 }) }),
      status: fc.record({ observedGeneration: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }), conditions: some }),
    });
    fc.assert(
      fc.property(fc.array(policies, { minLength: 1, maxLength: 60 }), (many) => {
        for (const [i, health] of healthOf(many).entries()) check(many[i] ?? assert.fail(), health);
      }),
      { numRuns: 20 },
    );
  });
});

test('the command of the guide adds the check to the ConfigMap, and touches nothing else', { skip: noKubectl }, async () => {
  const guide = readFileSync(join(ROOT, 'docs/gitops.md'), 'utf8');
  const command = /^ {4}KEY=[^]*?-f -$/m.exec(guide)?.[0] ?? assert.fail('the guide has no such command');
  const server = await TestServer.start({ tls: true });
  try {
    const kubeconfig = join(server.stateDir, 'kubeconfig');
    const { url, token, certificate } = server;
    writeKubeconfig(kubeconfig, { server: url, token, ...(certificate === undefined ? {} : { certificate }) });
    await server.createNamespace('argocd');
    const path = '/api/v1/namespaces/argocd/configmaps';
    const metadata = { name: 'argocd-cm', namespace: 'argocd', labels: { 'app.kubernetes.io/part-of': 'argocd' } };
    await server.must('POST', path, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { url: 'https://argocd.example' } });
    const script = command.replaceAll(
      'kubectl ',
      `"${String(kubectl)}" --kubeconfig "${kubeconfig}" --cache-dir "${server.stateDir}/cache" `,
    );
    await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd: ROOT, timeout: 60_000 });
    const stored = (await server.must('GET', `${path}/argocd-cm`)) as unknown as { data: object; metadata: { labels: object } };
    assert.deepEqual(stored.data, { url: 'https://argocd.example', [KEY]: readFileSync(CHECK, 'utf8') });
    assert.deepEqual(stored.metadata.labels, metadata.labels);
  } finally {
    await server.close();
  }
});
