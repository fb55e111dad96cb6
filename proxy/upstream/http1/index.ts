import { Http1Attempt } from './attempt.ts';
import { PooledUpstream } from '../pooled-upstream.ts';
import type { Attempt, AttemptSpec, Target } from '../../message/attempt.ts';
import type { Exchange } from '../../message/exchange.ts';
import type { RequestHead } from '../../message/request-head.ts';

/** HTTP/1.1 to backends on sockets: bytes are read and written with the codec of http1/. */
export class Http1Upstream extends PooledUpstream {
  start(x: Exchange, head: RequestHead, target: Target, spec: AttemptSpec): Attempt {
    return new Http1Attempt(x, head, target, spec, this.tools);
  }
}
