/**
 * The script that runs in the browser: polls the view and updates the page, without touching unchanged nodes. Bundled into
 * ../client.gen.ts by scripts/generate-stats-client.ts.
 */
import { VIEW_VERSION } from '../view.ts';
import type { StatsView } from '../view.ts';
import { byId, document, history, location } from './dom.ts';
import { layout } from './layout.ts';
import { patch } from './patch.ts';

const EVERY_MS = 2_000;
const TYPING_MS = 250;
const PATIENCE_MS = 10_000;

const main = byId('stats');
const state = byId('state');
const filter = byId('filter');
const pause = byId('pause');
let paused = false;
let timer: NodeJS.Timeout | undefined;
/** Number of the newest poll; answers to older ones are ignored. */
let asked = 0;
let last = '';

function say(text: string, kind: string): void {
  // A screen reader reads every assignment, even of the same text.
  if (state.textContent === text) return;
  state.textContent = text;
  state.setAttribute('class', kind);
}

function later(ms: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void update(), ms);
}

async function update(): Promise<void> {
  timer = undefined;
  const mine = ++asked;
  try {
    const view = await ask();
    if (mine !== asked) return;
    // The proxy was upgraded, and the page with it.
    if (view.version !== VIEW_VERSION) return location.reload();
    patch(main, layout(view));
    last = ` since ${view.at.slice(11, 19)} UTC`;
    say(paused ? 'paused' : 'live', paused ? 'paused' : 'live');
  } catch {
    if (mine === asked) say(`no answer${last}`, 'lost');
  }
  if (!paused && !document.hidden && !timer) later(EVERY_MS);
}

async function ask(): Promise<StatsView> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(`stats.json?q=${encodeURIComponent(filter.value)}`, { cache: 'no-store', signal });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return (await answer.json()) as StatsView;
}

filter.addEventListener('input', () => {
  history.replaceState(null, '', filter.value === '' ? 'stats' : `stats?q=${encodeURIComponent(filter.value)}`);
  later(TYPING_MS);
});
pause.addEventListener('click', () => {
  paused = !paused;
  pause.setAttribute('aria-pressed', String(paused));
  if (!paused) return later(0);
  clearTimeout(timer);
  say('paused', 'paused');
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !paused) later(0);
});
pause.hidden = false;
say('live', 'live');
later(EVERY_MS);
