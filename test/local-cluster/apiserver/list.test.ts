import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { asArray, at } from './json.ts';
import type { JsonObject } from './json.ts';
import { TestServer } from './testing.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

let server: TestServer;
before(async () => {
  server = await TestServer.start({ history: 20 });
  for (const name of ['a', 'b', 'c', 'd', 'e']) await server.must('POST', MAPS, { metadata: { name, labels: { letter: name } } });
});
after(() => server.close());

const names = (list: JsonObject): string[] => asArray(list['items']).map((item) => at(item, 'metadata', 'name') as string);
const meta = (list: JsonObject, field: string): string => at(list, 'metadata', field) as string;

describe('list', () => {
  it('shows one state over all its pages, whatever changes meanwhile', async () => {
    const first = await server.must('GET', `${MAPS}?limit=2`);
    assert.equal(at(first, 'metadata', 'remainingItemCount'), 3);
    await server.must('DELETE', `${MAPS}/c`);
    await server.must('POST', MAPS, { metadata: { name: 'bb' } });
    const second = await server.must('GET', `${MAPS}?limit=2&continue=${meta(first, 'continue')}`);
    const third = await server.must('GET', `${MAPS}?limit=2&continue=${meta(second, 'continue')}`);
    assert.deepEqual([first, second, third].map(names), [['a', 'b'], ['c', 'd'], ['e']]);
    assert.equal(meta(third, 'resourceVersion'), meta(first, 'resourceVersion'));
    assert.equal(meta(third, 'continue'), undefined);
    await server.must('POST', MAPS, { metadata: { name: 'c', labels: { letter: 'c' } } });
    await server.must('DELETE', `${MAPS}/bb`);
  });

  it('answers 410 with a token for the rest when a page is too old', async () => {
    const first = await server.must('GET', `${MAPS}?limit=2`);
    for (let n = 0; n < 25; n++) await server.patch(`${MAPS}/a`, { data: { n: String(n) } });
    const late = await server.request('GET', `${MAPS}?limit=9&continue=${meta(first, 'continue')}`);
    assert.equal(late.status, 410);
    assert.equal(at(late.body, 'reason'), 'Expired');
    const rest = await server.must('GET', `${MAPS}?limit=9&continue=${at(late.body, 'metadata', 'continue') as string}`);
    assert.deepEqual(names(rest), ['c', 'd', 'e']);
    const exact = await server.request('GET', `${MAPS}?resourceVersion=1&resourceVersionMatch=Exact`);
    assert.equal(exact.status, 410);
  });

  it('selects by label', async () => {
    const select = async (selector: string): Promise<string[]> =>
      names(await server.must('GET', `${MAPS}?labelSelector=${encodeURIComponent(selector)}`));
    assert.deepEqual(await select('letter in (a, c)'), ['a', 'c']);
    assert.deepEqual(await select('letter,letter notin (a,b,c)'), ['d', 'e']);
    assert.deepEqual(await select('letter!=a,letter==b'), ['b']);
    assert.deepEqual(await select('!letter'), []);
    assert.equal((await server.request('GET', `${MAPS}?labelSelector=${encodeURIComponent('a in b')}`)).status, 400);
  });

  it('selects by field', async () => {
    const pod = (name: string, nodeName: string): Promise<JsonObject> =>
      server.must('POST', '/api/v1/namespaces/default/pods', {
        metadata: { name },
        spec: { nodeName, containers: [{ name: 'c', image: 'x:1' }] },
      });
    await pod('p1', 'n1');
    await pod('p2', 'n2');
    assert.deepEqual(names(await server.must('GET', '/api/v1/pods?fieldSelector=spec.nodeName=n1,status.phase=Pending')), ['p1']);
    assert.deepEqual(names(await server.must('GET', `${MAPS}?fieldSelector=metadata.name=b,metadata.namespace=default`)), ['b']);
    const unknown = await server.request('GET', `${MAPS}?fieldSelector=data.x=1`);
    assert.equal(at(unknown.body, 'message'), 'field label not supported: data.x');
  });

  it('respects resourceVersion', async () => {
    const now = Number(meta(await server.must('GET', MAPS), 'resourceVersion'));
    await server.must('POST', MAPS, { metadata: { name: 'later' } });
    const exact = await server.must('GET', `${MAPS}?resourceVersion=${now}&resourceVersionMatch=Exact`);
    assert.ok(!names(exact).includes('later'));
    assert.ok(names(await server.must('GET', `${MAPS}?resourceVersion=${now}`)).includes('later'));
    const ahead = await server.request('GET', `${MAPS}?resourceVersion=${now + 99}`);
    assert.equal(ahead.status, 504);
    assert.match(at(ahead.body, 'message') as string, /^Timeout: Too large resource version: /);
    assert.equal((await server.request('GET', `${MAPS}?resourceVersionMatch=Exact`)).status, 422);
    assert.equal((await server.request('GET', `${MAPS}?sendInitialEvents=true`)).status, 422);
  });

  it('answers as metadata only', async () => {
    const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
    const list = await server.must('GET', `${MAPS}?limit=1`, undefined, { accept });
    assert.equal(list['kind'], 'PartialObjectMetadataList');
    assert.deepEqual(Object.keys(asArray(list['items'])[0] as JsonObject), ['kind', 'apiVersion', 'metadata']);
    const one = await server.must('GET', `${MAPS}/a?includeObject=Object`, undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    assert.equal(at(asArray(one['rows'])[0], 'object', 'kind'), 'ConfigMap');
  });
});
