/** A rotation as proxies live through it: real control servers, and not one push or question refused. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { until } from '../../proxy/control/testing.ts';
import { endpoint, poolPart } from '../../proxy/snapshot/testing.ts';
import { createSigner, generateKey } from '../signing-keys/signer.ts';
import { content, Rig, target, translation, type TestProxy } from './testing.ts';

const EPOCH = 1_795_305_600;
const contentOf = (n: number) => content([poolPart([endpoint(n)])]);

test('keys rotate without a refused push: running proxies, new ones with either file, restarted ones, and another leader', async (t) => {
  const rig = new Rig(t);
  const [signer, successor] = [rig.signer, createSigner(generateKey())];
  const [a, b] = [signer.publicKey, successor.publicKey];
  const both = { signer, successor, trustedKeys: [a, b] };
  const proxies: TestProxy[] = [await rig.proxy('old')];
  let containers = 0;
  const targets = () => proxies.map(({ uid, address }) => target(uid, address, { container: `${uid}-${containers}` }));
  const timing = { statusInterval: 10, firstStatus: 10, newsPause: 10 };
  let fleet = rig.fleet(timing);
  let wanted = 0;
  /** Another content, acknowledged by every proxy, while status queries continue. */
  const push = async (): Promise<void> => {
    wanted += 1;
    fleet.setDesired(translation(targets(), contentOf(wanted)), performance.now());
    await until(() => proxies.every(({ uid }) => fleet.reports().get(uid)?.current === true));
  };
  const trusting = (key: string): Promise<void> => until(() => fleet.proxiesMissingKey(key).length === 0);

  fleet.setEpoch(EPOCH);
  await push();
  assert.deepEqual(fleet.proxiesMissingKey(b), ['outrigger/old']);
  fleet.setKeys(both);
  await trusting(b);
  // One whose file is that of before, one that has the newest.
  proxies.push(await rig.proxy('late-file', [a]), await rig.proxy('new-file', [a, b]));
  await push();
  await trusting(b);
  // A container starts again from what it last had.
  const [old] = proxies as [TestProxy];
  await old.control.close();
  await rig.boot(old);
  containers += 1;
  await push();
  // Another replica takes over in the middle: it knows nothing of who trusts what.
  await fleet.stop();
  fleet = rig.fleet(timing);
  fleet.setKeys(both);
  fleet.setEpoch(EPOCH + 1);
  await push();
  await trusting(b);

  fleet.setKeys({ signer: successor, trustedKeys: [b] });
  await push();
  assert.deepEqual(
    proxies.map(({ dataPlane }) => dataPlane.applied.at(-1)?.trustedKeys),
    proxies.map(() => [b]),
  );
  proxies.push(await rig.proxy('joins-after', [b]), await rig.proxy('announced-file', [a, b]));
  await push();
  const answers = (): number => rig.sent.filter(({ outcome }) => outcome === 'status').length;
  for (let i = 0; i < 3; i++) {
    const before = answers();
    await push();
    await until(() => answers() >= before + proxies.length);
  }
  const refused = rig.sent.filter(({ outcome }) => outcome === 'unauthorized' || outcome === 'stale' || outcome === 'invalid');
  assert.deepEqual(refused, []);
});

test('a proxy that lost the successor is pushed to with the old key', async (t) => {
  const rig = new Rig(t);
  const successor = createSigner(generateKey());
  const one = await rig.proxy('one');
  const fleet = rig.fleet();
  fleet.setEpoch(EPOCH);
  fleet.setKeys({ signer: rig.signer, successor, trustedKeys: [rig.signer.publicKey, successor.publicKey] });
  fleet.setDesired(translation([target('one', one.address)], contentOf(1)), performance.now());
  await until(() => fleet.proxiesMissingKey(successor.publicKey).length === 0);
  await one.control.close();
  await rm(one.folder, { recursive: true });
  await rig.boot(one);
  fleet.setDesired(translation([target('one', one.address)], contentOf(2)), performance.now());
  await until(() => fleet.reports().get('one')?.current === true);
  assert.ok(rig.results.includes('unauthorized'));
  assert.equal(fleet.proxiesMissingKey(successor.publicKey).length, 0);
});

test('a terminating proxy does not delay a rotation, an unreachable one does', (t) => {
  const rig = new Rig(t);
  const fleet = rig.fleet();
  const gone = target('going', '127.9.5.1', { terminating: true });
  fleet.setDesired(translation([gone, target('hangs', '127.9.5.2', { ready: false })], contentOf(1)), performance.now());
  assert.deepEqual(fleet.proxiesMissingKey('k'), ['outrigger/hangs']);
});
