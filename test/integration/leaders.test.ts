/** Two operators and two gateways: which leads when a leader ends, hangs or loses its Lease, and that no client's request fails. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiError } from '../local-cluster/api.ts';
import { until } from '../local-cluster/cluster.ts';
import { ask, Load } from './client.ts';
import { Harness } from './harness.ts';
import { epochOf, Leading, leads, WITHIN } from './leading.ts';
import { leasePath } from './objects.ts';
import type { Component } from './outrigger.ts';

interface Version {
  readonly epoch: number;
  readonly sequence: number;
}

const PORT = 8950;

let harness: Harness;
let leading: Leading;
before(async () => {
  harness = await Harness.start(undefined, { operators: ['operator-1', 'operator-2'] });
  leading = new Leading(harness, PORT);
  await harness.publish('web', ...(await harness.backends('a', 'b')));
  await leading.change();
  await leading.untilInForce();
});
after(() => harness.stop());

/** Versions that a proxy put in force, in order, from its log. */
async function versions(gateway: Component): Promise<Version[]> {
  return [...(await gateway.log()).matchAll(/^.*"a snapshot is in force".*$/gm)].map(
    ([line]) => (JSON.parse(line) as { version: Version }).version,
  );
}

async function assertVersionsRose(): Promise<void> {
  for (const gateway of harness.gateways) {
    const seen = await versions(gateway);
    for (const [i, { epoch, sequence }] of seen.slice(1).entries()) {
      const before = seen[i] as Version;
      assert.ok(epoch > before.epoch || (epoch === before.epoch && sequence > before.sequence), JSON.stringify(seen));
    }
  }
}

/** Requests from both gateways, in a closed loop, which change is in force. */
function watchChanges(): { assertRose(): Promise<void> } {
  let over = false;
  const asking = harness.gateways.map(async (gateway) => {
    const seen: number[] = [];
    while (!over) seen.push(Number((await ask(gateway.url(PORT))).headers['x-change']));
    return seen;
  });
  // A test that fails early does not await it.
  for (const each of asking) each.catch(() => undefined);
  return {
    async assertRose() {
      over = true;
      for (const seen of await Promise.all(asking)) {
        assert.ok(seen.length > 20);
        assert.deepEqual(
          seen,
          seen.toSorted((a, b) => a - b),
        );
      }
    },
  };
}

/** With a closed-loop load on both gateways, of which no request fails. */
async function underLoad(work: () => Promise<void>): Promise<void> {
  const load = new Load(harness.gateways.map((gateway) => gateway.url(PORT)));
  try {
    await work();
    await until('the load runs', 10_000, () => load.sent > 40);
  } finally {
    await load.stop();
  }
  assert.deepEqual(load.failed, []);
}

async function assertPushedWithin(signal: keyof typeof WITHIN): Promise<string> {
  const took = Math.round(await leading.timeToPush(WITHIN[signal]));
  assert.ok(took <= WITHIN[signal], `${took} ms`);
  return `${took} ms`;
}

test('one leads, the other is Ready too; the Lease is written as client-go writes it', async () => {
  const [leader, standby] = await leading.roles();
  assert.equal((await fetch(`${standby.observe}/readyz`)).status, 200);
  assert.match(await standby.metrics(), /^outrigger_operator_leader 0$/m);
  assert.match(await standby.metrics(), /^outrigger_operator_proxies\{state="current"\} 0$/m);
  const policies = /^outrigger_operator_policies\{ready="\w+"\} [1-9]/m;
  assert.match(await leader.metrics(), policies);
  assert.doesNotMatch(await standby.metrics(), policies);
  const { spec, metadata } = await leading.lease();
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
  assert.match(String(spec.holderIdentity), new RegExp(`^${leader.name}_[0-9a-f-]{36}_[0-9a-f-]{36}$`));
  assert.match(String(spec['renewTime']), time);
  assert.match(String(spec['acquireTime']), time);
  assert.deepEqual([spec['leaseDurationSeconds'], typeof spec['leaseTransitions']], [15, 'number']);
  assert.match(metadata.annotations?.['outrigger.dev/epoch'] ?? '', /^\d+$/);
});

test('SIGTERM to the leader: the standby pushes a change within 3 s, under a higher epoch', async (t) => {
  const [leader, standby] = await leading.roles();
  const before = epochOf(await leading.lease());
  await underLoad(async () => {
    await leading.terminate(leader);
    t.diagnostic(await assertPushedWithin('SIGTERM'));
  });
  assert.equal((await leading.roles())[0], standby);
  assert.ok(epochOf(await leading.lease()) > before);
  await leading.replace(leader);
});

test('a leader that crashes leads again as soon as its pod restarts it, under a higher epoch', async (t) => {
  const [leader] = await leading.roles();
  const before = await leading.lease();
  await underLoad(async () => {
    leader.kill('SIGKILL');
    t.diagnostic(await assertPushedWithin('SIGKILL'));
  });
  const after = await leading.lease();
  assert.ok(epochOf(after) > epochOf(before));
  assert.notEqual(after.spec.holderIdentity, before.spec.holderIdentity);
});

test('SIGKILL, and the pod is gone: the standby pushes a change within 17 s; a new pod of the same name stands by', async (t) => {
  const [leader, standby] = await leading.roles();
  const before = epochOf(await leading.lease());
  await underLoad(async () => {
    await leading.destroy(leader);
    t.diagnostic(await assertPushedWithin('SIGKILL'));
  });
  const taken = await leading.lease();
  assert.ok(epochOf(taken) > before);
  await leading.replace(leader);
  assert.equal((await leading.roles())[0], standby);
  assert.equal(epochOf(await leading.lease()), epochOf(taken), 'a pod with the name of a former leader does not take the Lease');
});

test('a deleted Lease is created again with a higher epoch, and changes are still pushed', async () => {
  await leading.roles();
  const before = epochOf(await leading.lease());
  await underLoad(async () => {
    await harness.api.delete(leasePath(harness.systemNamespace));
    await assertPushedWithin('SIGTERM');
  });
  await leading.roles();
  assert.ok(epochOf(await leading.lease()) > before);
  await assertVersionsRose();
});

test('a leader that resumes after another took over pushes nothing older, and writes no status', async () => {
  const [sleeper, standby] = await leading.roles();
  // In the middle of a push, which it continues when it resumes.
  await leading.change();
  sleeper.kill('SIGSTOP');
  try {
    await underLoad(async () => {
      await assertPushedWithin('SIGKILL');
      await harness.untilProgrammed('web');
    });
  } finally {
    sleeper.kill('SIGCONT');
  }
  const { status } = await harness.policy('web');
  const taken = epochOf(await leading.lease());
  await until('it stands by', 10_000, async () =>
    /standing by/.test((await sleeper.log()).split('the term has ended').at(-1) ?? ''),
  );
  await pause(500);
  assert.deepEqual((await harness.policy('web')).status, status);
  assert.equal((await leading.roles())[0], standby);
  await assertPushedWithin('SIGTERM');
  await harness.untilProgrammed('web');
  assert.equal(epochOf(await leading.lease()), taken);
  await assertVersionsRose();
  for (const gateway of harness.gateways) assert.equal((await versions(gateway)).at(-1)?.epoch, taken);
});

test('a process that was stopped lists everything again before it leads, so that nothing older is pushed', async () => {
  const [leader, sleeper] = await leading.roles();
  const seen = watchChanges();
  sleeper.kill('SIGSTOP');
  await assertPushedWithin('SIGTERM');
  await pause(2_500);
  leader.kill('SIGSTOP');
  await harness.api.delete(leasePath(harness.systemNamespace));
  sleeper.kill('SIGCONT');
  try {
    await until('it leads', 10_000, () => leads(sleeper));
    await assertPushedWithin('SIGTERM');
  } finally {
    leader.kill('SIGCONT');
  }
  await leading.roles();
  assert.match(await sleeper.log(), /stopped for a while: it lists everything again/);
  await seen.assertRose();
});

test('two operators that contend for the Lease never push an older state, and the newest is in force at the end', async () => {
  const seen = watchChanges();
  await underLoad(async () => {
    for (let round = 0; round < 15; round += 1) {
      await leading.change();
      await unsettle(round).catch((error: unknown) => {
        // Both operators write to it at the same time.
        if (!(error instanceof ApiError && (error.status === 409 || error.status === 404))) throw error;
      });
      await pause(200);
    }
    await leading.untilInForce();
  });
  await harness.untilProgrammed('web');
  await leading.roles();
  await seen.assertRose();
  await assertVersionsRose();
  const epochs = new Set((await versions(harness.gateways[0])).map(({ epoch }) => epoch));
  assert.ok(epochs.size >= 8, `both led in turn: ${[...epochs].join(' ')}`);
});

/** Takes the Lease from its holder, in one of three ways. */
async function unsettle(round: number): Promise<void> {
  const path = leasePath(harness.systemNamespace);
  if (round % 3 === 0) await harness.api.delete(path);
  else if (round % 3 === 1) await harness.api.patch(path, { spec: { holderIdentity: '' } });
  else {
    const epoch = String(epochOf(await leading.lease()) + 3);
    await harness.api.patch(path, { metadata: { annotations: { 'outrigger.dev/epoch': epoch } }, spec: { holderIdentity: '' } });
  }
}
