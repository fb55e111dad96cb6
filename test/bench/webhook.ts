/**
 * The webhook's server alone, with the sidecar's handler or with one that does nothing.
 *
 *   node webhook.ts --bind ADDRESS --port N --handler inject|noop
 */
import { parseArgs } from 'node:util';
import { applyStep } from '../../operator/inject/certificate/renewal-steps.ts';
import { review } from '../../operator/inject/admission-review.ts';
import { startWebhookServer } from '../../operator/inject/webhook-server.ts';
import { createSidecar } from '../../operator/inject/sidecar-container.ts';
import { CONFIG, KEYS } from '../../operator/inject/testing.ts';

const { values } = parseArgs({
  options: {
    bind: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '9443' },
    handler: { type: 'string', default: 'inject' },
  },
});

const sidecar = createSidecar(CONFIG, KEYS);
const HANDLERS: Readonly<Record<string, (text: string) => string | undefined>> = {
  inject: (text) => review(text, sidecar)?.body,
  // The minimum: reading the review, and responding to its UID.
  noop(text) {
    const { apiVersion, kind, request } = JSON.parse(text) as { apiVersion: string; kind: string; request: { uid: string } };
    return JSON.stringify({ apiVersion, kind, response: { uid: request.uid, allowed: true } });
  },
};
const handler = HANDLERS[values.handler];
if (handler === undefined) throw new Error(`--handler must be one of ${Object.keys(HANDLERS).join(', ')}`);

const certificate = await applyStep('everything', undefined, ['localhost'], Date.now());
await startWebhookServer({ port: Number(values.port), bind: values.bind, certificate, review: handler });
