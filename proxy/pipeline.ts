/**
 * The life of one request, in order. Its head was read and accepted before, by the client's side. The pipeline knows Exchanges,
 * Upstreams and Attempts, no sockets and no protocol; how each step is done is in request/routed-request.ts.
 */
import type { Attempt, Upstream } from './message/attempt.ts';
import type { Exchange } from './message/exchange.ts';
import { LOCAL_REPLIES } from './message/local-replies.ts';
import type { RequestTools } from './request/request-record.ts';
import type { RouteState } from './request/route-state.ts';
import { RoutedRequest } from './request/routed-request.ts';
import type { RouteTable } from './route/route-table.ts';

export interface PipelineDeps extends RequestTools {
  readonly upstream: Upstream;
}

/** Serves one request to its end, and records it. */
export async function serve(x: Exchange, table: RouteTable<RouteState>, d: PipelineDeps): Promise<void> {
  // route: by host, path, method and headers
  const found = table.match(x.request);
  if (!found) return answerUnrouted(x, d);

  // split and filter: which of the route's backends has its turn, what is changed on the way there and back, how much body is kept
  const r = new RoutedRequest(x, found, d);
  if (r.redirect) return r.sendRedirect(r.redirect);

  // A response that is worth another try, in case no other try can be made.
  let fallbackResponse: Attempt | undefined;
  for (;;) {
    // pick: the same endpoint again, or another one; where requests are too many, in line
    const endpoint = r.pick() ?? (r.saturated ? await r.wait() : undefined);
    if (!endpoint) return fallbackResponse ? r.commit(fallbackResponse) : r.giveUp();

    // attempt
    fallbackResponse?.discard();
    fallbackResponse = undefined;
    const attempt = d.upstream.start(x, r.head, endpoint, r.spec);
    const answer = await attempt.answer;

    // classify
    r.classify(answer);

    // decide: again, or not
    const decision = r.decide();
    if (!decision.again) return answer.ok ? r.commit(attempt) : r.giveUp();
    if (answer.ok) fallbackResponse = attempt;
    r.again(decision);
    if (decision.afterMs > 0) await r.pause(decision.afterMs);
  }
}

async function answerUnrouted(x: Exchange, d: PipelineDeps): Promise<void> {
  const { noRoute } = LOCAL_REPLIES;
  const end = await x.reply(noRoute);
  d.record({
    exchange: x,
    route: undefined,
    status: noRoute.status,
    reason: noRoute.reason,
    endpoint: undefined,
    tries: 0,
    end,
    durationMs: d.now() - x.started,
  });
}
