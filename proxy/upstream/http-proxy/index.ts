import { PoolAgent } from './agent.ts';
import { HttpProxyAttempt } from './attempt.ts';
import { PooledUpstream } from '../pooled-upstream.ts';
import type { Attempt, AttemptSpec, Target } from '../../message/attempt.ts';
import type { Exchange } from '../../message/exchange.ts';
import type { RequestHead } from '../../message/request-head.ts';

/** HTTP/1.1 to backends through http-proxy-3. */
export class HttpProxyUpstream extends PooledUpstream {
  #agent = new PoolAgent(this.connections);

  start(x: Exchange, head: RequestHead, target: Target, spec: AttemptSpec): Attempt {
    return new HttpProxyAttempt(x, head, target, spec, this.tools, this.#agent);
  }
}
