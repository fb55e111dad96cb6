import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { KubeObject } from './json.ts';
import { Store } from './store.ts';

let directory = '';
const opened: Store[] = [];
beforeEach(() => (directory = fs.mkdtempSync(path.join(os.tmpdir(), 'outrigger-store-'))));
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  fs.rmSync(directory, { recursive: true, force: true });
});

function open(history = 100, journalLimit = 1_000_000): Store {
  const store = new Store({ directory, history, journalLimit });
  opened.push(store);
  return store;
}

function object(name: string, value = ''): KubeObject {
  const metadata = {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    resourceVersion: '',
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value } };
}

const journal = (): string => path.join(directory, 'journal.jsonl');
const names = (objects: readonly KubeObject[] | undefined): string[] | undefined => objects?.map(({ metadata }) => metadata.name);

describe('store', () => {
  it('has the same objects, versions and history after a restart', () => {
    const first = open();
    first.commit('ADDED', '/configmaps', object('a'));
    first.commit('ADDED', '/configmaps', object('b'));
    first.commit('MODIFIED', '/configmaps', object('a', 'new'));
    first.commit('DELETED', '/configmaps', object('b'));
    const second = open();
    assert.equal(second.revision, 4);
    assert.deepEqual(second.list('/configmaps'), first.list('/configmaps'));
    assert.equal(second.get('/configmaps', 'shop/a')?.metadata.resourceVersion, '3');
    assert.deepEqual(
      second.since(1).map(({ type, rv }) => [type, rv]),
      [
        ['ADDED', 2],
        ['MODIFIED', 3],
        ['DELETED', 4],
      ],
    );
  });

  it('drops a partial last line, which a killed process may leave', () => {
    open().commit('ADDED', '/configmaps', object('a'));
    const whole = fs.readFileSync(journal(), 'utf8');
    fs.appendFileSync(journal(), whole.split('\n')[1]?.slice(0, -7) ?? '');
    const again = open();
    assert.equal(again.revision, 1);
    assert.equal(again.commit('ADDED', '/configmaps', object('b')).metadata.resourceVersion, '2');
    assert.deepEqual(names(open().list('/configmaps')), ['a', 'b']);
  });

  it('refuses a journal that is damaged before its end', () => {
    open().commit('ADDED', '/configmaps', object('a'));
    fs.appendFileSync(journal(), 'nonsense\n{}\n');
    assert.throws(() => open(), SyntaxError);
  });

  it('keeps a bounded history, also across a restart', () => {
    const store = open(3);
    for (let n = 1; n <= 10; n++) store.commit('ADDED', '/configmaps', object(`n${n}`));
    assert.equal(store.oldest, 7);
    const again = open(3);
    assert.equal(again.oldest, 7);
    assert.deepEqual(
      again.since(7).map(({ rv }) => rv),
      [8, 9, 10],
    );
    assert.equal(again.list('/configmaps').length, 10);
  });

  it('returns older states within its history', () => {
    const store = open(3);
    store.commit('ADDED', '/configmaps', object('a'));
    store.commit('ADDED', '/configmaps', object('b', 'old'));
    store.commit('MODIFIED', '/configmaps', object('b', 'new'));
    store.commit('DELETED', '/configmaps', object('a'));
    assert.deepEqual(names(store.listAt(2, '/configmaps')), ['a', 'b']);
    assert.deepEqual(store.listAt(2, '/configmaps')?.[1]?.['data'], { value: 'old' });
    assert.deepEqual(names(store.listAt(1, '/configmaps')), ['a']);
    assert.equal(store.listAt(0, '/configmaps'), undefined);
  });

  it('compacts a journal that grows too long while running', () => {
    const store = open(2, 5000);
    for (let n = 0; n < 100; n++) store.commit(n === 0 ? 'ADDED' : 'MODIFIED', '/configmaps', object('a', String(n)));
    assert.ok(fs.statSync(journal()).size < 6000);
    assert.equal(store.revision, 100);
    assert.deepEqual(open(2).get('/configmaps', 'shop/a'), store.get('/configmaps', 'shop/a'));
  });

  it('passes the state before to listeners', () => {
    const store = open();
    const seen: (string | undefined)[] = [];
    const stop = store.subscribe(({ previous }) => seen.push(previous?.metadata.resourceVersion));
    store.commit('ADDED', '/configmaps', object('a'));
    store.commit('MODIFIED', '/configmaps', object('a'));
    stop();
    store.commit('MODIFIED', '/configmaps', object('a'));
    assert.deepEqual(seen, [undefined, '1']);
  });
});
