/**
 * The life of one request, in order. Admission came before, in the exchange. The pipeline knows Exchanges, Upstreams and Attempts,
 * no sockets; what a request remembers between its steps is in request.ts.
 */
import type { Attempt, Exchange, LocalReply, Upstream } from './message/exchange.ts';
import { Request } from './request/routed-request.ts';
import type { RequestDeps } from './request/request-record.ts';
import type { RouteState } from './request/route-state.ts';
import type { RouteTable } from './route/route-table.ts';

export interface PipelineDeps<X extends Exchange> extends RequestDeps {
  readonly upstream: Upstream<X>;
}

const NO_ROUTE: LocalReply = { status: 404, reason: 'no-route', text: 'no policy matches this request' };

/** Serves one request to its end, and records it. */
export async function serve<X extends Exchange>(x: X, table: RouteTable<RouteState>, d: PipelineDeps<X>): Promise<void> {
  const r = new Request(x, d);

  // route: by host, path, method and headers
  const found = table.match(x.facts);
  if (!found) return r.answer(NO_ROUTE);

  // split: which of the route's backends has its turn; from here on the body is kept, where it may have to be sent again
  r.enter(found.value);

  // filter: what the route changes on the way to a backend and back; or elsewhere, without one
  if (found.value.filters) {
    r.filter(found.value.filters, found.prefix);
    if (found.value.filters.redirect) return r.redirect(found.value.filters.redirect, found.prefix);
  }

  // A response that is worth another try, in case no other try can be made.
  let spare: Attempt | undefined;
  for (;;) {
    // pick: the same endpoint again, or another one; where requests are too many, in line
    const endpoint = r.pick() ?? (r.busy ? await r.wait() : undefined);
    if (!endpoint) return spare ? r.commit(spare) : r.giveUp();

    // attempt
    spare?.discard();
    spare = undefined;
    const attempt = d.upstream.start(x, endpoint, r.spec);
    const head = await attempt.head;

    // classify
    r.classify(head);

    // decide: again, or not
    const decision = r.decide();
    if (!decision.again) return head.ok ? r.commit(attempt) : r.giveUp();
    if (head.ok) spare = attempt;
    r.again(decision);
    if (decision.afterMs > 0) await r.pause(decision.afterMs);
  }
}
