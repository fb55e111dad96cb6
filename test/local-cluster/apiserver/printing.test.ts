import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podColumns } from './builtin/podcolumns.ts';
import { age } from './duration.ts';
import type { Json, KubeObject } from './json.ts';
import { evaluatePath } from './jsonpath.ts';

describe('ages', () => {
  const ages: [number, string][] = [
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [200, '3m20s'],
    [3600, '60m'],
    [4 * 3600 + 60, '4h1m'],
    [30 * 3600, '30h'],
    [3 * 86_400 + 3600, '3d1h'],
    [30 * 86_400, '30d'],
    [800 * 86_400, '2y70d'],
  ];
  for (const [seconds, text] of ages) {
    it(text, () => {
      const now = new Date('2026-06-01T00:00:00Z');
      assert.equal(age(new Date(now.getTime() - seconds * 1000).toISOString(), now), text);
    });
  }
  it('of what has none', () => assert.equal(age(undefined, new Date()), '<unknown>'));
});

describe('JSONPath', () => {
  const object = {
    spec: {
      'a.b': 1,
      list: [
        { type: 'A', s: 'x' },
        { type: 'B', s: 'y' },
      ],
    },
    n: { t: true },
  };
  const paths: [string, unknown[]][] = [
    ['.spec.list[0].s', ['x']],
    ['.spec.list[-1].s', ['y']],
    ['.spec.list[*].s', ['x', 'y']],
    ['.spec.list[?(@.type=="B")].s', ['y']],
    [".spec.list[?(@.type!='B')].s", ['x']],
    ['.spec.a\\.b', [1]],
    [".spec['a.b']", [1]],
    ['{.n.t}', [true]],
    ['.spec.none.x', []],
    ['.spec[', []],
  ];
  for (const [path, values] of paths) it(path, () => assert.deepEqual(evaluatePath(object, path), values));
});

describe('pods', () => {
  const container = (name: string, state: Json, ready = false, started = ready): Json => ({
    name,
    ready,
    started,
    restartCount: 1,
    state,
  });
  const running = { running: {} };
  const waiting = (reason: string): Json => ({ waiting: { reason } });
  const pod = (inits: Json[], mains: Json[], phase = 'Running'): KubeObject => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid: '', resourceVersion: '', creationTimestamp: '' } },
    spec: { initContainers: [{ name: 'once' }, { name: 'side', restartPolicy: 'Always' }], containers: [{ name: 'c' }] },
    status: { phase, initContainerStatuses: inits, containerStatuses: mains },
  });
  const done = container('once', { terminated: { exitCode: 0 } });
  const rows: [string, KubeObject, (string | number | boolean | null)[]][] = [
    [
      'that wait for an init container',
      pod([container('once', running), container('side', waiting('ContainerCreating'))], [], 'Pending'),
      ['0/2', 'Init:0/2', '1'],
    ],
    [
      'whose init container fails',
      pod([container('once', waiting('CrashLoopBackOff'))], [], 'Pending'),
      ['0/2', 'Init:CrashLoopBackOff', '0'],
    ],
    [
      'that run, with a sidecar',
      pod([done, container('side', running, true)], [container('c', running, true)]),
      ['2/2', 'Running', '2'],
    ],
    [
      'that crash',
      pod([done, container('side', running, true)], [container('c', waiting('CrashLoopBackOff'))]),
      ['1/2', 'CrashLoopBackOff', '2'],
    ],
  ];
  for (const [what, object, cells] of rows) {
    it(what, () =>
      assert.deepEqual(
        podColumns.slice(0, 3).map((column) => column.value(object, new Date())),
        cells,
      ),
    );
  }
});
