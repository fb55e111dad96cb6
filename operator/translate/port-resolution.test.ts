import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { resolvePorts } from './port-resolution.ts';
import { service, slice } from './testing.ts';
import type { ServicePort } from '../api/kubernetes.ts';

type Ports = readonly (readonly [name: string, port: number])[];

/** `name:number` of the port that each slice offers for the Service port 80, or `-`. */
function found(
  servicePorts: readonly ServicePort[],
  slices: readonly Ports[],
  { previous = [], selector }: { previous?: readonly string[]; selector?: Readonly<Record<string, string>> } = {},
): string {
  const echo = service('echo', { ports: servicePorts, ...(selector && { selector }) });
  const wanted = servicePorts.find(({ port }) => port === 80) as ServicePort;
  const given = slices.map((ports, i) => slice(`s${i}`, [], { ports: ports.map(([name, port]) => ({ name, port })) }));
  return resolvePorts(echo, wanted, given, previous)
    .map((port) => (port ? `${port.name}:${port.port}` : '-'))
    .join(' ');
}

const port = (number: number, name?: string, targetPort?: number | string): ServicePort => ({
  port: number,
  ...(name !== undefined && { name }),
  ...(targetPort !== undefined && { targetPort }),
});
const selector = { app: 'echo' };

describe('the port of a slice that belongs to a Service port', () => {
  test('by name, each slice with a number of its own', () => {
    assert.equal(found([port(80, 'http', 'web')], [[['http', 8080]], [['http', 9000]]]), 'http:8080 http:9000');
    assert.equal(found([port(80)], [[['', 8080]]]), ':8080', 'no name is a name');
  });

  test('a name that does not matter for its protocol: UDP ports are not looked at', () => {
    const udp = { ...port(53, 'http'), protocol: 'UDP' };
    const echo = service('echo', { ports: [udp, port(80, 'http', 'web')] });
    const given = slice('s', [], {
      ports: [
        { name: 'http', port: 53, protocol: 'UDP' },
        { name: 'http', port: 8080 },
      ],
    });
    assert.equal(resolvePorts(echo, echo.spec.ports?.[1] as ServicePort, [given], [])[0]?.port, 8080);
  });

  test('by number while the names differ: a port that is first named, renamed, or one of two', () => {
    assert.equal(found([port(80, 'web', 8080)], [[['', 8080]]]), ':8080');
    assert.equal(
      found(
        [port(80, 'web', 8080), port(81, 'admin', 9090)],
        [
          [
            ['http', 8080],
            ['mgmt', 9090],
          ],
        ],
      ),
      'http:8080',
    );
    assert.equal(
      found(
        [port(80, 'web'), port(81, 'admin')],
        [
          [
            ['b', 81],
            ['a', 80],
          ],
        ],
      ),
      'a:80',
      'no targetPort is the port itself',
    );
  });

  test('by elimination: the only one that is left on both sides', () => {
    assert.equal(found([port(80, 'web', 'main')], [[['http', 8080]]]), 'http:8080');
    assert.equal(
      found(
        [port(80, 'web', 'main'), port(81, 'admin', 'mgmt')],
        [
          [
            ['http', 8080],
            ['admin', 9090],
          ],
        ],
      ),
      'http:8080',
      'after what has the same name',
    );
    assert.equal(
      found(
        [port(80, 'web', 'main'), port(81, 'admin', 9090)],
        [
          [
            ['http', 8080],
            ['mgmt', 9090],
          ],
        ],
      ),
      'http:8080',
      'after what has the same number',
    );
    assert.equal(
      found(
        [port(80, 'web', 'main'), port(81, 'admin', 'mgmt')],
        [
          [
            ['a', 8080],
            ['b', 9090],
          ],
        ],
      ),
      '-',
      'two are left',
    );
  });

  test('what is ambiguous takes the previous resolution', () => {
    const both = [port(80, 'web', 'main'), port(81, 'admin', 'mgmt')];
    const old: Ports = [
      ['b', 9090],
      ['a', 8080],
    ];
    assert.equal(found(both, [old], { previous: ['a'] }), 'a:8080');
    assert.equal(found(both, [old], { previous: ['c'] }), '-');
    const now: Ports = [
      ['web', 8080],
      ['admin', 9090],
    ];
    assert.equal(found(both, [now, old], { previous: ['a'] }), 'web:8080 a:8080', 'slices follow one by one');
  });

  test('a port that stands beside the right one in another slice is another port', () => {
    assert.equal(
      found(
        [port(80, 'http', 'web')],
        [
          [
            ['http', 8080],
            ['metrics', 9090],
          ],
          [['metrics', 9090]],
        ],
      ),
      'http:8080 -',
    );
    assert.equal(
      found(
        [port(80, 'web', 'main')],
        [
          [
            ['web', 8080],
            ['metrics', 9090],
          ],
          [
            ['http', 8080],
            ['metrics', 9090],
          ],
        ],
      ),
      'web:8080 http:8080',
      'so that one that a slice has in addition does not hinder elimination',
    );
  });

  test('two ports that swap their names: the number decides where the controller copies it, else the name', () => {
    const swapped = [port(80, 'b', 8080), port(81, 'a', 9090)];
    const old: Ports = [
      ['a', 8080],
      ['b', 9090],
    ];
    assert.equal(found(swapped, [old], { selector }), 'a:8080');
    assert.equal(found(swapped, [old]), 'b:9090', 'hand-written slices need not follow targetPort');
    assert.equal(
      found([port(80, 'http', 9090)], [[['http', 8080]]], { selector }),
      'http:8080',
      'a new targetPort, slices follow',
    );
  });
});

describe('a wrong port is worse than none', () => {
  const http: Ports = [['http', 8080]];
  const both: Ports = [...http, ['metrics', 9090]];

  test('two Service ports with one targetPort share the slice port, whichever comes first', () => {
    for (const first of [true, false]) {
      const alias = { name: 'alias', port: 8443, targetPort: 8080 };
      const own = port(80, 'http', 8080);
      for (const slices of [http, both])
        assert.equal(found(first ? [alias, own] : [own, alias], [slices], { selector }), 'http:8080');
    }
    const added = [port(80, 'alias', 8080), port(81, 'http', 8080)];
    assert.equal(found(added, [both], { selector }), 'http:8080', 'one that is new uses it at once');
  });

  test('a port that now has the targetPort of another one does not take its slice port away', () => {
    assert.equal(found([port(81, 'http', 9090), port(80, 'metrics', 9090)], [both], { selector }), 'metrics:9090');
    assert.equal(found([port(81, 'http', 'm'), port(80, 'metrics', 9090)], [both], { selector }), 'metrics:9090');
  });

  test('a new port does not take the one of a port that was removed', () => {
    const ports = [port(81, 'http', 8080), port(80, 'debug', 6060)];
    assert.equal(found(ports, [both], { selector }), '-');
    assert.equal(found(ports, [both], { selector, previous: ['metrics'] }), 'metrics:9090', 'but what it had, if it was renamed');
  });

  test('a slice port without a number is no number', () => {
    const echo = service('echo', { ports: [port(80, 'http', 'http')], selector });
    const given = slice('s', [], { ports: [{ name: 'x' }, { name: 'http', port: 8080 }] });
    assert.equal(resolvePorts(echo, echo.spec.ports?.[0] as ServicePort, [given], [])[0]?.port, 8080);
  });
});

test('whatever the names were, a Service whose numbers are distinct and numeric is resolved to its targetPort', () => {
  const name = fc.constantFrom('', 'a', 'b', 'c');
  const ports = fc.uniqueArray(fc.record({ before: name, after: name, target: fc.integer({ min: 8000, max: 8003 }) }), {
    selector: ({ target }) => target,
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(ports, (all) => {
      const now = all.map(({ after, target }, i) => port(80 + i, after, target));
      const slices: Ports[] = [
        all.map(({ before, target }) => [before, target] as const),
        all.map((p) => [p.after, p.target] as const),
      ];
      const targets = found(now, slices, { selector })
        .split(' ')
        .map((text) => Number(text.split(':')[1]));
      assert.deepEqual(targets, [all[0]?.target, all[0]?.target]);
    }),
  );
});
