/** The server as a process: killed, restarted, stopped. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createInterface } from 'node:readline';
import https from 'node:https';
import { asString, at } from './json.ts';
import type { JsonObject } from './json.ts';

const MAIN = path.join(import.meta.dirname, 'main.ts');
const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' };
const MAPS = '/api/v1/namespaces/default/configmaps';

let directory = '';
const running = new Set<ChildProcess>();
before(() => (directory = fs.mkdtempSync(path.join(os.tmpdir(), 'outrigger-process-'))));
after(async () => {
  await Promise.all([...running].map((child) => stop(child, 'SIGKILL')));
  fs.rmSync(directory, { recursive: true, force: true });
});

async function start(...extra: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [MAIN, '--token', 'secret', ...extra], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  for await (const line of createInterface({ input: child.stdout }))
    return { child, url: (JSON.parse(line) as { url: string }).url };
  throw new Error('the server ended without output');
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

async function list(url: string): Promise<JsonObject[]> {
  const answer = (await (await fetch(url + MAPS, { headers })).json()) as { items: JsonObject[] };
  return answer.items;
}

describe('the server process', () => {
  it('keeps every acknowledged write when it is killed, and restarts on the same port', async () => {
    const state = path.join(directory, 'killed');
    const first = await start('--state-dir', state);
    const acknowledged: JsonObject[] = [];
    const writer = (async () => {
      for (let n = 0; ; n++) {
        const body = JSON.stringify({ metadata: { name: `m${n}` }, data: { text: 'x'.repeat(2000) } });
        const answer = await fetch(first.url + MAPS, { method: 'POST', headers, body });
        acknowledged.push((await answer.json()) as JsonObject);
        if (acknowledged.length === 30) first.child.kill('SIGKILL');
      }
    })();
    await assert.rejects(writer);
    await stop(first.child, 'SIGKILL');

    const second = await start('--state-dir', state, '--port', new URL(first.url).port);
    const found = new Map((await list(second.url)).map((item) => [(item['metadata'] as JsonObject)['name'], item['metadata']]));
    assert.ok(acknowledged.length >= 30);
    for (const { metadata } of acknowledged) assert.deepEqual(found.get((metadata as JsonObject)['name']), metadata);

    const from = asString(at(acknowledged[0], 'metadata', 'resourceVersion'));
    const watch = await fetch(`${second.url}${MAPS}?watch=true&resourceVersion=${from}&timeoutSeconds=1`, { headers });
    const events = (await watch.text()).trim().split('\n');
    assert.equal(events.length, found.size - 1);
    await stop(second.child, 'SIGTERM');
  });

  it('ends on SIGTERM within 900 ms, also with open watches', async () => {
    const { child, url } = await start('--state-dir', path.join(directory, 'stopped'));
    const watch = await fetch(`${url}${MAPS}?watch=true`, { headers });
    assert.equal(watch.status, 200);
    const began = performance.now();
    await stop(child, 'SIGTERM');
    assert.equal(child.exitCode, 0);
    assert.ok(performance.now() - began < 900);
    await watch.body?.cancel().catch(() => undefined);
  });

  it('writes a kubeconfig; with TLS the certificate stays the same over a restart', async () => {
    const file = path.join(directory, 'kubeconfig');
    const flags = ['--state-dir', path.join(directory, 'tls'), '--tls', '--kubeconfig', file];
    const authority = async (): Promise<string> => {
      const { child, url } = await start(...flags);
      const config = JSON.parse(fs.readFileSync(file, 'utf8')) as { clusters: { cluster: Record<string, string> }[] };
      const { server, 'certificate-authority-data': data = '' } = config.clusters[0]?.cluster ?? {};
      assert.equal(server, url);
      const ca = Buffer.from(data, 'base64').toString();
      const [response] = (await once(https.get(`${url}/readyz`, { ca, agent: false }), 'response')) as [{ statusCode: number }];
      assert.equal(response.statusCode, 200);
      await stop(child, 'SIGTERM');
      return ca;
    };
    assert.equal(fs.existsSync(file), false);
    assert.equal(await authority(), await authority());
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  });

  it('refuses invalid flags', async () => {
    const child = spawn(process.execPath, [MAIN, '--state-dir', directory, '--token', 'x', '--port', 'http'], {
      stdio: 'ignore',
    });
    const [code] = (await once(child, 'exit')) as [number];
    assert.notEqual(code, 0);
  });
});
