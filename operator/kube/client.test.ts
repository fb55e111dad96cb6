import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { writeKubeconfig } from '../../test/local-cluster/apiserver/kubeconfig.ts';
import { startApiServer } from '../../test/local-cluster/apiserver/server.ts';
import { accessFrom } from './api-access.ts';
import { createKubeClient } from './client.ts';
import { isStatus, type ApiError } from './api-error.ts';
import { loadKubeConfig } from './load-kubeconfig.ts';
import { json, startTestServer, statusOf, type Received } from './test-server.ts';

function configFor(server: string, user: object): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server }],
    users: [{ name: 'u', ...user }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  return config;
}

/** Makes one call under each configuration and returns what the server received. */
async function received(context: TestContext, users: object[]): Promise<Received[]> {
  const server = await startTestServer(context, (_request, response) => json(response, 200, {}));
  for (const user of users) {
    const client = createKubeClient(
      accessFrom(() => configFor(`${server.url}/base/`, user)),
      'agent/1',
    );
    await client.call({ path: '/x' });
    await client.close();
  }
  return server.requests;
}

test('authenticates as the kubeconfig says: token, name and password, token file, exec plugin, impersonation', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-access-'));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, 'from-file\n');
  const credential = { kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status: { token: 'from-exec' } };
  const exec = { apiVersion: credential.apiVersion, command: 'echo', args: [JSON.stringify(credential)] };
  const [token, basic, file, plugin, other] = await received(context, [
    { token: 'abc' },
    { username: 'me', password: 'secret' },
    { authProvider: { name: 'tokenFile', config: { tokenFile } } },
    { exec },
    { token: 'abc', impersonateUser: 'somebody' },
  ]);
  await rm(folder, { recursive: true });
  assert.equal(token?.headers.authorization, 'Bearer abc');
  assert.equal(token?.headers.accept, 'application/json');
  assert.equal(token?.headers['user-agent'], 'agent/1');
  assert.equal(token?.path, '/base/x');
  assert.equal(basic?.headers.authorization, `Basic ${Buffer.from('me:secret').toString('base64')}`);
  assert.equal(file?.headers.authorization, 'Bearer from-file');
  assert.equal(plugin?.headers.authorization, 'Bearer from-exec');
  assert.equal(other?.headers['impersonate-user'], 'somebody');
});

test('after a 401 the next request reads the credentials again', async (context) => {
  const server = await startTestServer(context, (request, response) =>
    request.headers.authorization === 'Bearer new'
      ? json(response, 200, { ok: true })
      : json(response, 401, statusOf(401, 'Unauthorized')),
  );
  let loads = 0;
  const client = createKubeClient(
    accessFrom(() => configFor(server.url, { token: ['old', 'new'][loads++] })),
    'test',
  );
  await assert.rejects(client.call({ path: '/x' }), (error) => isStatus(error, 401));
  assert.deepEqual(await client.call({ path: '/x' }), { ok: true });
  await client.call({ path: '/x' });
  assert.equal(loads, 2);
  await client.close();
});

test('requests share connections', async (context) => {
  const server = await startTestServer(context, (_request, response) => json(response, 200, {}));
  for (let i = 0; i < 20; i++) await server.client.call({ path: '/x' });
  assert.ok((await server.connections()) <= 2);
});

test('errors carry code and reason; plain text and empty bodies too', async (context) => {
  const answers: [number, string][] = [
    [409, JSON.stringify(statusOf(409, 'Conflict', 'modified'))],
    [404, '404 page not found\n'],
    [500, ''],
    [503, 'null'],
  ];
  const server = await startTestServer(context, (_request, response) => {
    const [status, body] = answers[server.requests.length - 1] ?? [500, ''];
    response.writeHead(status).end(body);
  });
  const errors: ApiError[] = [];
  for (let i = 0; i < answers.length; i++)
    await server.client.call({ path: '/x' }).catch((error) => errors.push(error as ApiError));
  assert.deepEqual(
    errors.map(({ code, reason, message }) => [code, reason, message]),
    [
      [409, 'Conflict', '409 Conflict: modified'],
      [404, '', '404: 404 page not found'],
      [500, '', '500: no explanation'],
      [503, '', '503: null'],
    ],
  );
});

test('an answer that is not JSON is an error that does not quote it', async (context) => {
  const server = await startTestServer(context, (_request, response) => void response.writeHead(200).end('top secret'));
  await assert.rejects(server.client.call({ path: '/x' }), (error: Error) => !error.message.includes('secret'));
});

test('a request without an answer fails after the time-out', async (context) => {
  const server = await startTestServer(context, () => undefined);
  await assert.rejects(server.client.call({ path: '/x', timeout: 50 }), /imeout/);
});

test('plain HTTP to another machine is refused unless the kubeconfig waives TLS', async () => {
  const source = accessFrom(() => configFor('http://192.0.2.1:8080', { token: 'abc' }));
  await assert.rejects(source.current(), /HTTP protocol is not allowed/);
});

test('over TLS the server must show the certificate that the kubeconfig trusts', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-tls-'));
  const server = await startApiServer({ stateDir: folder, token: 'abc', tls: true });
  context.after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  const call = async (trust: { certificate?: string }): Promise<unknown> => {
    const kubeconfig = join(folder, 'kubeconfig');
    writeKubeconfig(kubeconfig, { server: server.url, token: 'abc', ...trust });
    const config = (): KubeConfig => {
      const loaded = loadKubeConfig([kubeconfig]);
      // Without a certificate the file waives verification; here it must not.
      Object.assign(loaded.getCurrentCluster() ?? {}, { skipTLSVerify: false });
      return loaded;
    };
    const client = createKubeClient(accessFrom(config), 'test');
    return client.call({ path: '/api/v1/namespaces/default' }).finally(() => client.close());
  };
  const namespace = await call(server.certificate ? { certificate: server.certificate } : {});
  assert.equal((namespace as { kind: string }).kind, 'Namespace');
  await assert.rejects(call({}), /certificate/);
});
