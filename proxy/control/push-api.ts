import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from '../snapshot/answers.ts';
import { EMPTY_BODY_SHA, verifyToken } from '../snapshot/token.ts';
import type { PushAnswer, StatusAnswer, TokenClaims, Version } from '../snapshot/types.ts';
import { validateSnapshot } from '../snapshot/validate.ts';
import { answer } from './json-response.ts';
import { readSnapshotBody } from './snapshot-body.ts';
import type { BodyFault } from './snapshot-body.ts';
import type { ControlLog } from './log.ts';
import { Gate } from './concurrency-limit.ts';
import { compareVersions } from './snapshot-state.ts';
import type { Holder, InForce, Outcome } from './snapshot-state.ts';
import type { ControlMetrics, DataPlane, RejectReason } from './data-plane-interface.ts';

/** Pushes that are read or worked on at the same time; each may hold a body in memory. More than one, so that an operator
 * that died in the middle of a push does not keep its successor waiting. */
const CONCURRENT_PUSHES = 4;
/** Unhealthy endpoints in one status answer; what is beyond is left out. */
const MAX_UNHEALTHY = 10_000;

const METHODS: Readonly<Record<string, string>> = { '/v1/snapshot': 'PUT', '/v1/status': 'GET' };

export interface ApiOptions {
  readonly podUid: string;
  readonly holder: Holder;
  readonly dataPlane: DataPlane;
  readonly metrics: ControlMetrics;
  readonly log: ControlLog;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The control API over HTTP: who may ask, what is read, and which outcome is which status. */
export class Api {
  readonly #options: ApiOptions;
  readonly #pushes = new Gate(CONCURRENT_PUSHES);

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** Answers one request; settles when that is done. Never rejects. */
  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      await this.#route(req, res);
    } catch (error) {
      this.#options.log.error({ err: error }, 'a request to the control API failed');
      if (!res.headersSent) answer(req, res, 500, { reason: 'internal' } satisfies Refusal);
    }
  }

  async #route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = req.url ?? '';
    const method = Object.hasOwn(METHODS, path) ? METHODS[path] : undefined;
    if (method === undefined) return this.#refuse(req, res, 404, 'malformed', { reason: 'not-found' });
    if (req.method !== method) {
      res.setHeader('allow', method);
      return this.#refuse(req, res, 405, 'malformed', { reason: 'method-not-allowed' });
    }
    const claims = this.#authenticate(req, res, method, path);
    if (claims === undefined) return;
    if (method === 'PUT') await this.#push(req, res, claims);
    else this.#status(req, res, claims);
  }

  /** The claims of a token that holds; undefined when the request was refused. */
  #authenticate(req: IncomingMessage, res: ServerResponse, method: string, path: string): TokenClaims | undefined {
    const token = /^Bearer ([\w.-]+)$/i.exec(req.headers.authorization ?? '')?.[1];
    const nowSeconds = this.#nowSeconds();
    const rules = { keys: this.#options.holder.keys, audience: this.#options.podUid, method, path, nowSeconds };
    const verdict = token === undefined ? ({ ok: false, reason: 'no-token' } as const) : verifyToken(token, rules);
    if (verdict.ok) {
      this.#options.metrics.heard();
      return verdict.claims;
    }
    res.setHeader('www-authenticate', 'Bearer');
    this.#refuse(req, res, 401, 'unauthorized', { reason: verdict.reason, time: nowSeconds });
    return undefined;
  }

  #status(req: IncomingMessage, res: ServerResponse, claims: TokenClaims): void {
    if (claims.bsha !== EMPTY_BODY_SHA) return this.#refuseBody(req, res, 'body-mismatch');
    const { holder, dataPlane, podUid } = this.#options;
    const { inForce, fence, trustedKeys } = holder;
    const unhealthy = dataPlane.unhealthy().slice(0, MAX_UNHEALTHY);
    const rest = { pod: podUid, fence, rejected: dataPlane.rejected(), trustedKeys, unhealthy };
    answer(req, res, 200, (inForce ? { ...rest, applied: applied(inForce) } : rest) satisfies StatusAnswer);
  }

  async #push(req: IncomingMessage, res: ServerResponse, claims: TokenClaims): Promise<void> {
    const { fence } = this.#options.holder;
    // Known from the token alone, so the body need not be read.
    if (compareVersions(versionOf(claims), fence) < 0)
      return this.#refuse(req, res, 409, 'stale', { reason: 'stale', current: fence });
    await this.#pushes.run(async () => {
      if (req.headers.expect !== undefined) res.writeContinue();
      const body = await readSnapshotBody(req, claims.bsha);
      if (body.ok) await this.#offer(req, res, claims, body.value);
      else this.#refuseBody(req, res, body.reason);
    });
  }

  async #offer(req: IncomingMessage, res: ServerResponse, signed: TokenClaims, document: unknown): Promise<void> {
    const result = validateSnapshot(document);
    if (!result.ok) return this.#refuseInvalid(req, res, result.wrong);
    if (compareVersions(result.snapshot.version, versionOf(signed)) !== 0)
      return this.#refuseInvalid(req, res, [{ path: 'version', message: 'is not the version that was signed' }]);
    this.#settle(req, res, await this.#options.holder.offer(result.snapshot, result.digest, signed.zone));
  }

  #settle(req: IncomingMessage, res: ServerResponse, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'missing':
        return this.#refuse(req, res, 424, 'missing-parts', { reason: 'missing-parts', missing: outcome.digests });
      case 'stale':
      case 'conflict':
        return this.#refuse(req, res, 409, outcome.kind, { reason: outcome.kind, current: outcome.current });
      case 'unchanged':
      case 'applied': {
        if (outcome.kind === 'unchanged') this.#options.metrics.unchanged();
        const { inForce } = outcome;
        const { podUid, dataPlane } = this.#options;
        const body: PushAnswer = { pod: podUid, applied: applied(inForce), rejected: dataPlane.rejected() };
        return answer(req, res, 200, body);
      }
    }
  }

  #refuseInvalid(req: IncomingMessage, res: ServerResponse, errors: NonNullable<Refusal['errors']>): void {
    const problem = { type: 'about:blank', title: 'The snapshot has wrong fields', status: 422, reason: 'invalid', errors };
    this.#refuse(req, res, 422, 'invalid', problem, 'application/problem+json');
  }

  #refuseBody(req: IncomingMessage, res: ServerResponse, reason: BodyFault): void {
    switch (reason) {
      case 'too-large':
        return this.#refuse(req, res, 413, 'too-large', { reason });
      case 'body-mismatch':
        return this.#refuse(req, res, 401, 'body-mismatch', { reason, time: this.#nowSeconds() });
      case 'malformed':
        return this.#refuse(req, res, 400, 'malformed', { reason });
      case 'unsupported-encoding':
        res.setHeader('accept-encoding', 'gzip, identity');
        return this.#refuse(req, res, 415, 'malformed', { reason });
      case 'aborted':
        // Nobody is there to be answered.
        res.destroy();
    }
  }

  #refuse(
    req: IncomingMessage,
    res: ServerResponse,
    status: number,
    counted: RejectReason,
    body: Refusal,
    mediaType?: string,
  ): void {
    this.#options.metrics.rejected(counted);
    // Without a good token anybody can cause these, so they must not fill the log.
    const level = counted === 'unauthorized' || status === 404 || status === 405 ? 'debug' : 'warn';
    this.#options.log[level](
      { status, reason: body.reason, errors: body.errors?.slice(0, 10) },
      'refused a request to the control API',
    );
    answer(req, res, status, body, mediaType);
  }

  #nowSeconds(): number {
    return Math.floor(this.#options.now() / 1000);
  }
}

function applied({ epoch, sequence, digest }: InForce): PushAnswer['applied'] {
  return { epoch, sequence, digest };
}

function versionOf({ epoch, seq }: TokenClaims): Version {
  return { epoch, sequence: seq };
}
