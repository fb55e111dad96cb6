import { integer, list, object, oneOf, string, wrongFields } from './check.ts';
import type { Check, WrongField } from './check.ts';
import { hexDigest } from './fields.ts';
import { MAX_ENDPOINTS_PER_POOL, MAX_POOLS, MAX_REVISION, MAX_TRUSTED_KEYS } from './limits.ts';
import * as schema from './schema.ts';
import type { PushAnswer, StatusAnswer, Version } from './types.ts';

/** Body of every answer with status 4xx or 5xx. */
export interface Refusal {
  /** One word; for 401 the fault of the token. */
  readonly reason: string;
  /** 401: the proxy's clock, unix seconds. */
  readonly time?: number;
  /** 409: the highest version seen; lower ones are refused. */
  readonly current?: Version;
  /** 424: digests of the missing parts. */
  readonly missing?: readonly string[];
  /** 422: every wrong field. The media type is application/problem+json, so `title` and `status` are present, too. */
  readonly errors?: readonly WrongField[];
}

/** Enough for 10,000 missing digests or unhealthy endpoints. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

const text = string({ max: 4096 });
const applied: Check = (value, report) => {
  schema.version(value, report);
  object({ digest: hexDigest })(value, report);
};
const rejected = list(object({ policy: text, listener: integer(1, 65535), reason: text }), { max: MAX_POOLS });
const unhealthy = list(
  object({ pool: text, endpoint: text, reason: oneOf(['probe', 'ejected']), detail: text }, { check: text }),
  {
    max: 10 * MAX_ENDPOINTS_PER_POOL,
  },
);
const degraded = list(object({ policy: text, state: oneOf(['checking', 'panic', 'fallback', 'unavailable']) }), {
  max: MAX_POOLS,
});
const revision = string({ min: 1, max: MAX_REVISION, pattern: /^[\w.-]+$/ });
const pushAnswer = object({ pod: text, applied, rejected }, { degraded });
/** The fence is 0, 0 before the first push. */
const fence = object({ epoch: integer(0, Number.MAX_SAFE_INTEGER), sequence: integer(0, Number.MAX_SAFE_INTEGER) });
const trustedKeys = list(schema.publicKey, { max: MAX_TRUSTED_KEYS });
const statusAnswer = object({ pod: text, fence, rejected, trustedKeys, unhealthy }, { applied, degraded, revision });
const refusal = object(
  { reason: text },
  {
    time: integer(0, Number.MAX_SAFE_INTEGER),
    current: schema.version,
    missing: list(hexDigest, { max: MAX_POOLS }),
    errors: list(object({ path: text, message: text }), { max: MAX_POOLS }),
  },
);

/** Answers are not authenticated, so each is checked; undefined if it is invalid. */
export function asPushAnswer(value: unknown): PushAnswer | undefined {
  return wrongFields(value, pushAnswer).length === 0 ? (value as PushAnswer) : undefined;
}

export function asStatusAnswer(value: unknown): StatusAnswer | undefined {
  return wrongFields(value, statusAnswer).length === 0 ? (value as StatusAnswer) : undefined;
}

export function asRefusal(value: unknown): Refusal | undefined {
  return wrongFields(value, refusal).length === 0 ? (value as Refusal) : undefined;
}
