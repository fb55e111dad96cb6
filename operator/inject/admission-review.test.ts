import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { review } from './admission-review.ts';
import { createSidecar } from './sidecar-container.ts';
import { asking, CONFIG, KEYS, reviewOf } from './testing.ts';

const sidecar = createSidecar(CONFIG, KEYS);
/** What a real API server sent, and what it accepted as an answer: a Pod, and the same Pod again after its patch. */
const RECORDED = readFileSync(new URL('./fixtures/admission.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly review: { request: { object: object } }; readonly answer: Answer });

interface Answer {
  readonly response: { readonly uid: string; readonly allowed: boolean; readonly patch?: string; readonly warnings?: string[] };
}

const answered = (text: string): Answer => JSON.parse(review(text, sidecar)?.body ?? 'null') as Answer;
const operations = ({ response }: Answer): { op: string; path: string }[] =>
  JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString()) as { op: string; path: string }[];

test('recorded requests of a real API server get answers of the shape that it accepted', () => {
  const [first] = RECORDED;
  assert.ok(first);
  const { response, ...envelope } = answered(JSON.stringify(first.review));
  const { response: accepted, ...theirs } = first.answer;
  assert.deepEqual(envelope, theirs);
  assert.deepEqual({ ...response, patch: '' }, { ...accepted, patch: '' });
  const paths = operations({ response }).map(({ path }) => path);
  for (const { op, path } of operations({ response: accepted })) {
    assert.equal(op, 'add');
    assert.ok(paths.includes(path), path);
  }
});

test('the recorded second call, after a patch, has a sidecar of another name: the proxy is added', () => {
  const second = RECORDED[1];
  assert.ok(second);
  assert.equal(operations(answered(JSON.stringify(second.review)))[0]?.path, '/spec/initContainers/0');
});

test('a Pod that cannot be injected is admitted unchanged, with a warning', () => {
  const { response } = answered(reviewOf(asking({ hostNetwork: true })));
  assert.equal(response.allowed, true);
  assert.equal(response.patch, undefined);
  assert.match(response.warnings?.[0] ?? '', /^no Outrigger sidecar was added: .*remove hostNetwork$/);
  assert.equal(review(reviewOf(asking({ hostNetwork: true })), sidecar)?.result, 'refused');
});

test('anything but a new Pod is admitted unchanged', () => {
  const others = [
    { operation: 'UPDATE' },
    { resource: { group: 'apps', version: 'v1', resource: 'deployments' } },
    { resource: null },
    { subResource: 'ephemeralcontainers' },
    { object: null },
    { object: 'a Pod' },
  ];
  for (const more of others) {
    const { response } = answered(reviewOf(asking(), more));
    assert.deepEqual(response, { uid: 'uid-1', allowed: true }, JSON.stringify(more));
  }
});

test('text that is not an AdmissionReview of this version gets no answer', () => {
  const good = JSON.parse(reviewOf(asking())) as object;
  const wrong = [
    { ...good, apiVersion: 'admission.k8s.io/v1beta1' },
    { ...good, kind: 'Pod' },
    { ...good, request: {} },
  ];
  for (const text of ['', 'null', '[]', '{', '"x"', ...wrong.map((object) => JSON.stringify(object))])
    assert.equal(review(text, sidecar), undefined, text);
});
