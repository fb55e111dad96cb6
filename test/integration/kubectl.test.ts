/** kubectl on policies: get, describe, explain and wait. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import test, { after, before } from 'node:test';
import { parse } from 'yaml';
import { until } from '../local-cluster/cluster.ts';
import { Harness } from './harness.ts';

const OBJECT_AND_MESSAGE = 'jsonpath={range .items[*]}{.involvedObject.kind} {.involvedObject.name} {.message}{"\\n"}{end}';
const toWeb = (port: number) => ({ listener: { port }, backendRefs: [{ name: 'web', port: 80 }] });

let harness: Harness;
before(async () => {
  harness = await Harness.start();
  const [web] = await harness.backends('web');
  await harness.publish('web', web);
});
after(() => harness.stop());

const wait = (name: string, ms: number) =>
  harness.kubectl(['wait', '--for=condition=Programmed', `lbp/${name}`, `--timeout=${ms}ms`]);

async function describedEvents(name: string): Promise<string> {
  const { out } = await harness.kubectl(['describe', 'lbp', name]);
  return /^Events:\n[^]*$/m.exec(out)?.[0] ?? '';
}

test('wait: succeeds once it is programmed, not before, and not by the condition of an older generation', async () => {
  await harness.apply('waited', toWeb(8600));
  const first = await wait('waited', 30_000);
  assert.deepEqual([first.code, first.out], [0, 'loadbalancerpolicy.outrigger.dev/waited condition met\n'], first.err);

  const unselected = { ...toWeb(8601), proxies: { selector: { matchLabels: { app: 'none' } } } };
  await harness.apply('unselected', unselected);
  const never = await wait('unselected', 1500);
  assert.equal(never.code, 1);
  assert.match(never.err, /timed out waiting for the condition on loadbalancerpolicies\/unselected/);

  // The condition is True for the generation before the edit: the stopped operator cannot write a new one.
  process.kill(harness.operator.pid ?? assert.fail('the operator runs'), 'SIGSTOP');
  try {
    await harness.apply('waited', toWeb(8602));
    const { status, metadata } = await harness.policy('waited');
    const condition = status?.conditions?.find(({ type }) => type === 'Programmed');
    assert.deepEqual([condition?.status, condition?.observedGeneration, metadata.generation], ['True', 1, 2]);
    assert.equal((await wait('waited', 1000)).code, 1);
  } finally {
    process.kill(harness.operator.pid ?? assert.fail('the operator runs'), 'SIGCONT');
  }
  assert.equal((await wait('waited', 30_000)).code, 0);
});

test('get: the columns', async () => {
  const { out } = await harness.kubectl(['get', 'lbp', 'waited', 'unselected']);
  const [head = '', ...rows] = out.trimEnd().split('\n');
  assert.deepEqual(head.split(/ {2,}/), ['NAME', 'READY', 'TYPE', 'PORT', 'ENDPOINTS', 'PROXIES', 'AGE']);
  assert.match(rows[0] ?? '', /^waited +True +LeastRequest +8602 +1\/1 +2\/2 +\d+m?s?/);
  assert.match(rows[1] ?? '', /^unselected +False +LeastRequest +8601 +1\/1 +0\/0 +\d+m?s?/);
  const wide = (await harness.kubectl(['get', 'lbp', 'waited', 'unselected', '-o', 'wide'])).out.trimEnd().split('\n');
  assert.deepEqual(wide[0]?.split(/ {2,}/).slice(-4), ['REASON', 'ACCEPTED', 'RESOLVEDREFS', 'PROGRAMMED']);
  assert.match(wide[1] ?? '', / Ready +Accepted +ResolvedRefs +Programmed$/);
  assert.match(wide[2] ?? '', / NoProxies +Accepted +ResolvedRefs +NoProxies$/);
});

test('describe: messages that name proxies, and one Event for each change', async () => {
  const [first] = harness.gateways;
  const squatter = createServer().listen(8603, first.address);
  await once(squatter, 'listening');
  try {
    await harness.apply('blocked', toWeb(8603));
    await harness.untilCondition('blocked', 'Programmed', 'False', 'Rejected');
  } finally {
    squatter.close();
  }
  assert.equal((await wait('blocked', 30_000)).code, 0);
  const events = await describedEvents('blocked');
  for (const [line, text] of [
    [/Warning +Rejected .*outrigger/g, `${harness.systemNamespace}/${first.name}: port 8603 is in use`],
    [/Normal +Programmed .*outrigger/g, '2 of 2 Ready proxies run it.'],
  ] as const) {
    assert.equal(events.match(line)?.length, 1, `${line.source}\n${events}`);
    assert.ok(events.includes(text), events);
  }
  await harness.apply('blocked', { ...toWeb(8603), backendRefs: [{ name: 'absent', port: 80 }] });
  await harness.untilCondition('blocked', 'ResolvedRefs', 'False', 'BackendNotFound');
  assert.equal((await wait('blocked', 30_000)).code, 0);
  await until('the Event of the absent backend', 10_000, async () =>
    /Warning +BackendNotFound .*Service \S+\/absent does not exist/.test(await describedEvents('blocked')),
  );
  const { out } = await harness.kubectl(['describe', 'lbp', 'blocked']);
  assert.match(out, /Message: +2 of 2 Ready proxies run it\./);
  assert.match(out, /Reason: +BackendNotFound/);
  assert.match(out, /Summary:\s+Endpoints: +\d+\/\d+\s+Proxies: +2\/2/);
});

test('annotate: a value that cannot be read is one Event of the object, which says what counts instead', async () => {
  await harness.publish('shared', ...(await harness.backends('annotated')));
  await harness.apply('annotated', toWeb(8604));
  const annotate = async (object: string, value: string): Promise<void> => {
    const { code, err } = await harness.kubectl(['annotate', '--overwrite', object, value]);
    assert.equal(code, 0, err);
  };
  const invalid = async (): Promise<string> => {
    const selector = ['--field-selector', 'reason=InvalidAnnotation'];
    return (await harness.kubectl(['get', 'events', ...selector, '-o', OBJECT_AND_MESSAGE])).out.trim();
  };
  await annotate('pod/annotated', 'outrigger.dev/weight=two');
  await annotate('service/shared', 'outrigger.dev/shared-with=team-*');
  await annotate('lbp/annotated', 'outrigger.dev/idle=1');
  await until('three Events', 10_000, async () => (await invalid()).split('\n').length === 3);
  await annotate('pod/annotated', 'example.com/other=change');
  await annotate('pod/annotated', 'outrigger.dev/weight=2');
  await annotate('pod/annotated', 'outrigger.dev/maintenance=yes');
  const lines = await until('the fourth', 10_000, async () => {
    const found = (await invalid()).split('\n').sort();
    return found.length > 3 && found;
  });
  const texts = [
    /^LoadBalancerPolicy annotated The annotation outrigger\.dev\/idle cannot be read: "1" is not "true" or "false"\./,
    /^Pod annotated .*maintenance cannot be read: "yes" is not "true" or "false"\. The Pod is not in maintenance\.$/,
    /^Pod annotated .*weight cannot be read: "two" is not a whole number from 0 to 1000\. The weight is 1, as without/,
    /^Service shared .*shared-with cannot be read: "team-\*" is not the name of a namespace, nor \* for all/,
  ];
  assert.equal(lines.length, texts.length);
  texts.forEach((text, i) => assert.match(lines[i] ?? '', text));
  await harness.remove('annotated');
});

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
}

/** Paths of a schema without a description; `metadata` has that of Kubernetes. */
function* undescribed(schema: Schema, path: string): Generator<string> {
  if (path === 'lbp.metadata') return;
  if (!/\S.{8,}/.test(schema.description ?? '')) yield path;
  for (const [name, member] of Object.entries(schema.properties ?? {})) yield* undescribed(member, `${path}.${name}`);
  if (schema.items) yield* undescribed(schema.items, `${path}[]`);
  if (schema.additionalProperties) yield* undescribed(schema.additionalProperties, `${path}{}`);
}

test('explain: every field has a description, and kubectl prints them', async () => {
  const file = await readFile(new URL('../../crds/loadbalancerpolicies.yaml', import.meta.url), 'utf8');
  const crd = parse(file) as { spec: { versions: { schema: { openAPIV3Schema: Schema } }[] } };
  const [version] = crd.spec.versions;
  assert.ok(version);
  assert.deepEqual([...undescribed(version.schema.openAPIV3Schema, 'lbp')], []);
  const all = await harness.kubectl(['explain', 'lbp.spec', '--recursive']);
  assert.equal(all.code, 0, all.err);
  for (const field of ['listener', 'backendRefs', 'perTryTimeout', 'consecutive5xx', 'trustedCIDRs']) {
    assert.match(all.out, new RegExp(`^ +${field}\\t`, 'm'));
  }
  const one = await harness.kubectl(['explain', 'lbp.status.conditions']);
  assert.equal(one.code, 0, one.err);
  for (const field of ['listener.port', 'healthCheck.active.interval', 'retry.budget.percent']) {
    const { code, out } = await harness.kubectl(['explain', `lbp.spec.${field}`]);
    assert.equal(code, 0, field);
    assert.match(out, /DESCRIPTION:\n {4}\S/, field);
    assert.doesNotMatch(out, /<empty>/, field);
  }
  const { out } = await harness.kubectl(['explain', 'lbp.spec.healthCheck.active']);
  assert.match(out, /^ +interval\t<string>\n +Time between the starts/m);
  assert.match(out, /^ +port\t<Object>\n +\(number\) Port to probe/m);
});
