import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareListenerSettings, listenerSettingsKey, readListenerSettings } from './listener-settings.ts';
import type { ClientAddressSpec, PathNormalizationSpec } from '../api/policy.gen.ts';

const client = (clientAddress: ClientAddressSpec) => readListenerSettings({ clientAddress });
const paths = (pathNormalization: PathNormalizationSpec) => readListenerSettings({ pathNormalization });

test('a default that is written out is absent, as one that is left away', () => {
  const defaults = { decodeUnreserved: true, mergeSlashes: true, encodedSlash: 'Keep' } as const;
  for (const settings of [readListenerSettings(), client({}), client({ trustedHops: 0 }), paths({}), paths(defaults)]) {
    assert.deepEqual(settings, {});
    assert.equal(listenerSettingsKey(settings), listenerSettingsKey({}));
  }
});

test('of paths, one member that differs brings the others with it', () => {
  assert.deepEqual(paths({ encodedSlash: 'Reject' }), {
    pathNormalization: { decodeUnreserved: true, mergeSlashes: true, encodedSlash: 'Reject' },
  });
});

test('ranges are equal whatever their order and the case of their digits', () => {
  const given = client({ trustedCIDRs: ['FD00::/8', '10.0.0.0/8', 'fd00::/8'] });
  assert.deepEqual(given, { clientAddress: { trustedCIDRs: ['10.0.0.0/8', 'fd00::/8'] } });
});

test('a difference names the field and both values', () => {
  const compare = (theirs: object, ours: object) =>
    compareListenerSettings(theirs, ours).map(({ field, ...both }) => [field, both.theirs, both.ours]);
  const [hops, strict] = [client({ trustedHops: 2 }), paths({ mergeSlashes: false, encodedSlash: 'Reject' })];
  assert.deepEqual(compare({}, {}), []);
  assert.deepEqual(compare(hops, {}), [['listener.clientAddress', 'clientAddress with trustedHops 2', 'no clientAddress']]);
  assert.deepEqual(compare(strict, paths({ encodedSlash: 'Decode' })), [
    ['listener.pathNormalization.mergeSlashes', 'mergeSlashes false', 'mergeSlashes true (the default)'],
    ['listener.pathNormalization.encodedSlash', 'encodedSlash Reject', 'encodedSlash Decode'],
  ]);
  assert.equal(compare(hops, { ...strict, ...client({ trustedHops: 3 }) }).length, 3);
});

test('ranges beyond four are counted, and a difference among them is one', () => {
  const ranges = ['1.0.0.0/8', '2.0.0.0/8', '3.0.0.0/8', '4.0.0.0/8'];
  const first = 'clientAddress with trustedCIDRs 1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8, 4.0.0.0/8';
  const more = (last: string) => client({ trustedCIDRs: [...ranges, last] });
  assert.deepEqual(
    compareListenerSettings(client({ trustedCIDRs: ranges }), more('5.0.0.0/8')).map(({ theirs, ours }) => [theirs, ours]),
    [[first, `${first} and 1 more`]],
  );
  assert.equal(compareListenerSettings(more('5.0.0.0/8'), more('6.0.0.0/8')).length, 1);
});
