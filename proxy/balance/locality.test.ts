import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EndpointHints, LoadBalancer } from '../snapshot/types.ts';
import type { EndpointView } from './balancer.ts';
import { findLocal, preferenceOf } from './locality.ts';

/** `name`, then the zones and nodes that it is hinted for. */
function hinted(id: string, hints?: EndpointHints, state: EndpointView['state'] = 'active'): EndpointView {
  return { id, weight: 1, state, ...(hints && { hints }) };
}
const on = (node: string, zone: string): EndpointHints => ({ nodes: [node], zones: [zone] });
const HERE = { zone: 'a', node: 'n1' };

/** Ids of the endpoints that are local to a proxy at this location. */
function local(view: readonly EndpointView[], location = HERE): string {
  const found = findLocal({ by: 'hints', ...location, minEndpoints: 1 }, view);
  assert.equal(found.length, view.length);
  return view.flatMap(({ id }, i) => (found[i] ? [id] : [])).join(' ');
}

describe('kube-proxy’s rule', () => {
  const view = [hinted('one', on('n1', 'a')), hinted('two', on('n2', 'a')), hinted('three', on('n3', 'b'))];
  const zones = view.map(({ id, hints }) => hinted(id, { zones: hints?.zones ?? [] }));
  const cases: readonly [name: string, view: readonly EndpointView[], at: { zone: string; node: string }, local: string][] = [
    ['a hint for the Node', view, HERE, 'one'],
    ['none for the Node: the zone', view, { zone: 'a', node: 'n9' }, 'one two'],
    ['none for Node or zone: all are equal', view, { zone: 'c', node: 'n9' }, ''],
    ['the Node counts, whatever the zone', view, { zone: 'c', node: 'n3' }, 'three'],
    ['hints for zones only', zones, HERE, 'one two'],
    ['an active endpoint without hints: all are equal', [...view, hinted('four')], HERE, ''],
    ['one without a hint for Nodes: the zone', [...view, hinted('four', { zones: ['b'] })], HERE, 'one two'],
    ['one without a hint for zones: the Node', [...view, hinted('four', { nodes: ['n4'] })], HERE, 'one'],
    [
      '… and where none has a hint for the Node: all are equal',
      [...view, hinted('four', { nodes: ['n4'] })],
      { zone: 'a', node: 'n9' },
      '',
    ],
    ['one hinted for several zones', [hinted('x', { zones: ['a', 'b'] }), hinted('y', { zones: ['b'] })], HERE, 'x'],
    ['a draining endpoint without hints does not count', [...view, hinted('gone', undefined, 'draining')], HERE, 'one'],
    [
      'a draining endpoint with hints is never local',
      [...view, hinted('gone', on('n9', 'a'), 'draining')],
      { zone: 'c', node: 'n9' },
      '',
    ],
    ['an endpoint that has not passed its first probe is active', [hinted('new', undefined, 'filling'), ...view], HERE, ''],
    ['only draining endpoints', [hinted('x', on('n1', 'a'), 'draining'), hinted('y', undefined, 'draining')], HERE, ''],
    ['no endpoints', [], HERE, ''],
    ['neither zone nor Node of the proxy is known', view, { zone: '', node: '' }, ''],
    ['the zone of the proxy is not known', view, { zone: '', node: 'n2' }, 'two'],
    ['the Node of the proxy is not known', view, { zone: 'b', node: '' }, 'three'],
  ];
  for (const [name, endpoints, at, expected] of cases) test(name, () => assert.equal(local(endpoints, at), expected));
});

test('by zone, the endpoints of the proxy’s zone are local, whatever their hints', () => {
  const view = [
    { ...hinted('x', { zones: ['b'] }), zone: 'a' },
    { ...hinted('y', { zones: ['a'] }), zone: 'b' },
    { ...hinted('z', undefined, 'draining'), zone: 'a' },
  ];
  assert.deepEqual(findLocal({ by: 'zone', zone: 'a', node: '', minEndpoints: 1 }, view), [true, false, true]);
});

test('what a proxy prefers: first what the policy says, then hints; a hash never', () => {
  const zoneAware: LoadBalancer = { type: 'Random', zoneAware: { minEndpoints: 3 } };
  const hash: LoadBalancer = {
    type: 'ConsistentHash',
    consistentHash: { algorithm: 'Rendezvous', hashOn: { type: 'SourceIP' } },
  };
  const byZone = { by: 'zone', zone: 'a', node: '', minEndpoints: 3 };
  for (const anyHints of [false, true]) {
    assert.deepEqual(preferenceOf(zoneAware, HERE, anyHints), byZone);
    assert.equal(preferenceOf(zoneAware, { zone: '', node: 'n1' }, anyHints), undefined);
    assert.equal(preferenceOf(hash, HERE, anyHints), undefined);
  }
  const plain: LoadBalancer = { type: 'Random' };
  assert.equal(preferenceOf(plain, HERE, false), undefined);
  assert.deepEqual(preferenceOf(plain, HERE, true), { by: 'hints', ...HERE, minEndpoints: 1 });
  assert.deepEqual(preferenceOf(plain, { zone: '', node: 'n1' }, true), { by: 'hints', zone: '', node: 'n1', minEndpoints: 1 });
  assert.equal(preferenceOf(plain, { zone: '', node: '' }, true), undefined);
});
