/** Calls the mutating webhooks that match a new object, and applies their patches. */
import { deepEqual } from '../json.ts';
import type { KubeObject } from '../json.ts';
import type { Store } from '../store.ts';
import { ask } from './client.ts';
import { WebhookFailure, internal, patched, reviewOf, verdictOf } from './review.ts';
import type { Question } from './review.ts';
import { webhooksFor } from './webhooks.ts';
import type { Webhook } from './webhooks.ts';

export interface Admitted {
  readonly object: KubeObject;
  readonly changed: boolean;
  readonly warnings: readonly string[];
}

/**
 * Each webhook is called in turn. Those with `reinvocationPolicy: IfNeeded` are called once more when the object has changed since, also by
 * their own patch: a real server changes what they add (service account volumes, defaults), and calls again.
 *
 * @param complete fills in defaults after a patch
 * @throws ApiError when one denies the request, or fails and its failure policy is not Ignore
 */
export async function admit(
  store: Store,
  original: KubeObject,
  question: Question,
  complete: (object: KubeObject) => KubeObject,
): Promise<Admitted> {
  let object = original;
  const warnings: string[] = [];
  const shown = new Map<string, KubeObject>();
  const round = async (webhook: Webhook): Promise<void> => {
    shown.set(webhook.name, object);
    const verdict = await asked(store, webhook, object, question);
    if (verdict === undefined) return;
    warnings.push(...verdict.warnings);
    if (verdict.patch.length > 0) object = complete(patched(object, verdict.patch));
  };
  for (const webhook of webhooksFor(store, question.kind, original)) await round(webhook);
  for (const webhook of webhooksFor(store, question.kind, object)) {
    const before = shown.get(webhook.name);
    if (webhook.reinvoked && before !== undefined && !deepEqual(before, object)) await round(webhook);
  }
  return { object, changed: !deepEqual(original, object), warnings };
}

/** @returns undefined for a failure that its policy ignores */
async function asked(store: Store, webhook: Webhook, object: KubeObject, question: Question) {
  const review = reviewOf(object, question);
  try {
    const answer = await ask(store, webhook, review).catch((error: unknown) => {
      throw new WebhookFailure(`failed to call webhook: ${(error as Error).message}`);
    });
    return verdictOf(webhook, review, answer);
  } catch (error) {
    if (!(error instanceof WebhookFailure)) throw error;
    if (webhook.ignoresFailure) return undefined;
    throw internal(`failed calling webhook "${webhook.name}": ${error.message}`);
  }
}
