/**
 * The life of one request, in order. The client's side has read and accepted its head before. The pipeline knows Exchanges,
 * Upstreams and Attempts, no sockets and no protocol; request/routed-request.ts implements each step.
 */
import type { Answer, Attempt, Upstream } from './message/attempt.ts';
import type { Exchange } from './message/exchange.ts';
import { LOCAL_REPLIES } from './message/local-replies.ts';
import type { EndpointAttempt } from './request/endpoint-attempt.ts';
import type { RequestTools } from './request/request-record.ts';
import type { RouteState } from './request/route-state.ts';
import { RoutedRequest } from './request/routed-request.ts';
import type { RouteTable } from './route/route-table.ts';

export interface PipelineDeps extends RequestTools {
  readonly upstream: Upstream;
}

/** Serves one request to its end and records it. */
export async function serve(x: Exchange, table: RouteTable<RouteState>, d: PipelineDeps): Promise<void> {
  // route: by host, path, method and headers
  const found = table.match(x.request);
  if (!found) return answerUnrouted(x, d);

  // split and filter: which backend of the route is next, how request and response are changed, how much of the body is kept
  const r = new RoutedRequest(x, found, d);
  if (r.redirect) return r.sendRedirect(r.redirect);

  // A response that the retry policy would try again, in case no other try can be made.
  let fallbackResponse: { readonly attempt: EndpointAttempt; readonly answer: Answer; readonly upstream: Attempt } | undefined;
  for (;;) {
    // pick: the same endpoint again, or another one; where requests are too many, in the queue
    const attempt = r.pick() ?? (r.saturated ? await r.wait() : undefined);
    if (!attempt) {
      if (!fallbackResponse) return r.giveUp();
      return r.commit(fallbackResponse.attempt, fallbackResponse.answer, fallbackResponse.upstream);
    }

    // attempt
    fallbackResponse?.upstream.discard();
    fallbackResponse = undefined;
    const upstream = d.upstream.start(x, r.head, attempt.endpoint, r.spec);
    const answer = await upstream.answer;

    // classify
    r.classify(attempt, answer);

    // decide: try again or not
    const decision = r.decide(attempt, answer);
    if (!decision.again) return answer.ok ? r.commit(attempt, answer, upstream) : r.giveUp();
    if (answer.ok) fallbackResponse = { attempt, answer, upstream };
    r.again(attempt, answer, decision);
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
    matched: undefined,
    endpoint: undefined,
    tries: 0,
    upstreamMs: undefined,
    end,
    durationMs: d.now() - x.started,
  });
}
