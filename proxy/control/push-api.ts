import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from '../snapshot/answers.ts';
import type { Location } from '../snapshot/location.ts';
import { MAX_REVISION } from '../snapshot/limits.ts';
import { EMPTY_BODY_SHA, verifyToken } from '../snapshot/token.ts';
import type { StatusAnswer, TokenClaims, Version } from '../snapshot/types.ts';
import { validateSnapshot } from '../snapshot/validate.ts';
import { pushAnswer, statusAnswer } from './answers.ts';
import { sendJson } from './json-response.ts';
import { readSnapshotBody } from './snapshot-body.ts';
import type { BodyFault } from './snapshot-body.ts';
import type { ControlLog } from './log.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { compareVersions } from './snapshot-state.ts';
import type { SnapshotState, OfferResult } from './snapshot-state.ts';
import type { StatusNews } from './status-news.ts';
import type { DataPlane } from './data-plane.ts';
import type { ControlMetrics, RejectReason } from './control-metrics.ts';

/**
 * Pushes that are read or applied at the same time; each may hold a body in memory. More than one, so that an operator that died
 * during a push does not block its successor.
 */
const CONCURRENT_PUSHES = 4;

/** A status request that waits for another revision than this one. */
const WAITING_STATUS = new RegExp(`^/v1/status\\?after=([\\w.-]{1,${MAX_REVISION}})$`);

const METHODS: Readonly<Record<string, string>> = { '/v1/snapshot': 'PUT', '/v1/status': 'GET' };

export interface PushApiOptions {
  readonly podUid: string;
  readonly state: SnapshotState;
  readonly dataPlane: DataPlane;
  readonly news: StatusNews;
  readonly metrics: ControlMetrics;
  readonly log: ControlLog;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The control API over HTTP: authentication, reading of bodies, and which result is which status. */
export class PushApi {
  readonly #options: PushApiOptions;
  readonly #pushes = new ConcurrencyLimit(CONCURRENT_PUSHES);

  constructor(options: PushApiOptions) {
    this.#options = options;
  }

  /** Handles one request; settles when it is answered. Never rejects. */
  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      await this.#route(req, res);
    } catch (error) {
      this.#options.log.error({ err: error }, 'a request to the control API failed');
      if (!res.headersSent) sendJson(req, res, 500, { reason: 'internal' } satisfies Refusal);
    }
  }

  async #route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const target = req.url ?? '';
    const after = WAITING_STATUS.exec(target)?.[1];
    const path = after === undefined ? target : '/v1/status';
    const method = Object.hasOwn(METHODS, path) ? METHODS[path] : undefined;
    if (method === undefined) return this.#reject(req, res, 404, 'malformed', { reason: 'not-found' });
    if (req.method !== method) {
      res.setHeader('allow', method);
      return this.#reject(req, res, 405, 'malformed', { reason: 'method-not-allowed' });
    }
    const claims = this.#authenticate(req, res, method, target);
    if (claims === undefined) return;
    if (method === 'PUT') await this.#push(req, res, claims);
    else await this.#status(req, res, claims, after);
  }

  /** The claims of a valid token; undefined if the request was refused. */
  #authenticate(req: IncomingMessage, res: ServerResponse, method: string, path: string): TokenClaims | undefined {
    const token = /^Bearer ([\w.-]+)$/i.exec(req.headers.authorization ?? '')?.[1];
    const nowSeconds = this.#nowSeconds();
    const rules = { keys: this.#options.state.keys, audience: this.#options.podUid, method, path, nowSeconds };
    const verdict = token === undefined ? ({ ok: false, reason: 'no-token' } as const) : verifyToken(token, rules);
    if (verdict.ok) {
      this.#options.metrics.onContact();
      return verdict.claims;
    }
    res.setHeader('www-authenticate', 'Bearer');
    this.#reject(req, res, 401, 'unauthorized', { reason: verdict.reason, time: nowSeconds });
    return undefined;
  }

  async #status(req: IncomingMessage, res: ServerResponse, claims: TokenClaims, after: string | undefined): Promise<void> {
    if (claims.bsha !== EMPTY_BODY_SHA) return this.#refuseBody(req, res, 'body-mismatch');
    const { state, dataPlane, podUid, news } = this.#options;
    if (after !== undefined && !(await this.#waitForNews(after, res))) return;
    sendJson(req, res, 200, { ...statusAnswer(podUid, state, dataPlane), revision: news.revision } satisfies StatusAnswer);
  }

  /** Settles when the request is to be answered; false: the client has left. */
  #waitForNews(after: string, res: ServerResponse): Promise<boolean> {
    return new Promise((resolve) => {
      const leave = this.#options.news.wait(after, () => resolve(true));
      res.once('close', () => {
        leave();
        resolve(false);
      });
    });
  }

  async #push(req: IncomingMessage, res: ServerResponse, claims: TokenClaims): Promise<void> {
    const { fence } = this.#options.state;
    // The token alone decides this, so the body need not be read.
    if (compareVersions(versionOf(claims), fence) < 0)
      return this.#reject(req, res, 409, 'stale', { reason: 'stale', current: fence });
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
    this.#respond(req, res, await this.#options.state.offer(result.snapshot, result.digest, locationOf(signed)));
  }

  #respond(req: IncomingMessage, res: ServerResponse, outcome: OfferResult): void {
    switch (outcome.kind) {
      case 'missing':
        return this.#reject(req, res, 424, 'missing-parts', { reason: 'missing-parts', missing: outcome.digests });
      case 'stale':
      case 'conflict':
        return this.#reject(req, res, 409, outcome.kind, { reason: outcome.kind, current: outcome.current });
      case 'unchanged':
      case 'applied': {
        if (outcome.kind === 'unchanged') this.#options.metrics.unchanged();
        const { podUid, dataPlane } = this.#options;
        return sendJson(req, res, 200, pushAnswer(podUid, outcome.applied, dataPlane));
      }
    }
  }

  #refuseInvalid(req: IncomingMessage, res: ServerResponse, errors: NonNullable<Refusal['errors']>): void {
    const problem = { type: 'about:blank', title: 'The snapshot has wrong fields', status: 422, reason: 'invalid', errors };
    this.#reject(req, res, 422, 'invalid', problem, 'application/problem+json');
  }

  #refuseBody(req: IncomingMessage, res: ServerResponse, reason: BodyFault): void {
    switch (reason) {
      case 'too-large':
        return this.#reject(req, res, 413, 'too-large', { reason });
      case 'body-mismatch':
        return this.#reject(req, res, 401, 'body-mismatch', { reason, time: this.#nowSeconds() });
      case 'malformed':
        return this.#reject(req, res, 400, 'malformed', { reason });
      case 'unsupported-encoding':
        res.setHeader('accept-encoding', 'gzip, identity');
        return this.#reject(req, res, 415, 'malformed', { reason });
      case 'aborted':
        // The client is gone.
        res.destroy();
    }
  }

  #reject(
    req: IncomingMessage,
    res: ServerResponse,
    status: number,
    counted: RejectReason,
    body: Refusal,
    mediaType?: string,
  ): void {
    this.#options.metrics.rejected(counted);
    // Anyone can cause these without a valid token, so they must not fill the log.
    const level = counted === 'unauthorized' || status === 404 || status === 405 ? 'debug' : 'warn';
    this.#options.log[level](
      { status, reason: body.reason, errors: body.errors?.slice(0, 10) },
      'refused a request to the control API',
    );
    sendJson(req, res, status, body, mediaType);
  }

  #nowSeconds(): number {
    return Math.floor(this.#options.now() / 1000);
  }
}

function locationOf({ zone, node = '' }: TokenClaims): Location {
  return { zone, node };
}

function versionOf({ epoch, seq }: TokenClaims): Version {
  return { epoch, sequence: seq };
}
