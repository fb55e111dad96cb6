/** The changing part of the page as a function of the view. Runs in the proxy and in the browser. */
import type { StatsView } from '../view.ts';
import { backends } from './backends.ts';
import { between, count, lasting, percent } from './format.ts';
import { routes } from './routes.ts';
import { h } from './tree.ts';
import type { Element, Tree } from './tree.ts';

export function layout(view: StatsView): readonly Element[] {
  return [tiles(view), ...alerts(view), routes(view), backends(view), footer(view)];
}

function tile(name: string, value: string, note: string): Element {
  return h('div', { class: 'tile' }, h('dt', {}, name), h('dd', {}, h('b', {}, value), h('small', {}, note)));
}

function tiles({ at, proxy, snapshot, totals }: StatsView): Element {
  const { healthy, endpoints } = totals;
  const zone = proxy.zone === '' ? '' : ` in ${proxy.zone}`;
  return h(
    'dl',
    { class: 'tiles' },
    tile('Requests', `${count(totals.requestsPerSecond)}/s`, 'of all routes'),
    tile('Errors', percent(totals.errorRatio), '5xx, last minute'),
    tile('Endpoints', `${healthy}/${endpoints}`, healthy === endpoints ? 'all healthy' : `${endpoints - healthy} not healthy`),
    tile('Connections', count(proxy.connections), 'of clients'),
    snapshot
      ? tile('Snapshot', `${snapshot.sequence}`, `since ${between(snapshot.since, at)}, epoch ${snapshot.epoch}`)
      : tile('Snapshot', 'none', 'not received from the operator yet'),
    tile('Uptime', lasting(proxy.uptimeSeconds), `${proxy.mode}${zone}, version ${proxy.version}`),
  );
}

function alerts({ proxy, rejected, rejectedLeftOut }: StatsView): Element[] {
  const notReady = proxy.notReady === '' ? [] : [h('p', { class: 'alert' }, h('b', {}, 'Not ready: '), proxy.notReady)];
  if (rejected.length === 0) return notReady;
  const lines: Tree[] = rejected.map(({ policy, port, reason }) =>
    h('li', {}, h('b', {}, policy), ` on port ${port}: ${reason}`),
  );
  if (rejectedLeftOut > 0) lines.push(h('li', {}, `… and ${rejectedLeftOut} more.`));
  return [...notReady, h('div', { class: 'alert' }, h('b', {}, 'This proxy cannot serve:'), h('ul', {}, ...lines))];
}

function footer({ at, snapshot }: StatsView): Element {
  const digest = snapshot ? ` · snapshot ${snapshot.epoch}.${snapshot.sequence}, digest ${snapshot.digest.slice(0, 12)}` : '';
  return h('p', { class: 'note' }, `As of ${at.slice(0, 19).replace('T', ' ')} UTC${digest}`);
}
