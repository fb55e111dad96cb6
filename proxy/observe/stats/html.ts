/** Renders the page as HTML. All values of the view become text: escaped here, and set as text nodes in the browser. */
import { createHash } from 'node:crypto';
import { CLIENT } from './client.gen.ts';
import { layout } from './page/layout.ts';
import type { Element, Tree } from './page/tree.ts';
import { STYLE } from './style.ts';
import type { StatsView } from './view.ts';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** Tags and attribute names are constants; attribute values and text may be anything. */
export function toHtml(tree: Tree): string {
  if (typeof tree === 'string') return escape(tree);
  if (typeof tree === 'function') return toHtml(tree());
  return `${opening(tree)}${tree.kids.map(toHtml).join('')}</${tree.tag}>`;
}

function opening({ tag, attrs }: Element): string {
  const written = Object.entries(attrs).map(([name, value]) => ` ${name}="${escape(value)}"`);
  return `<${tag}${written.join('')}>`;
}

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cg fill='none' stroke='%230d8a80' stroke-width='4' stroke-linecap='round'%3E%3Cpath d='M4 11q12 10 24 0M6 25h20M11 15v9M21 15v9'/%3E%3C/g%3E%3C/svg%3E";
const LOGO =
  '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><path d="M4 11q12 10 24 0M6 25h20M11 15v9M21 15v9"/></svg>';

const HELP = 'policy, backend, endpoint, zone, status …';

/** Yields before every row, since a large view has many. */
function* write(tree: Tree, parts: string[]): Generator<void> {
  if (typeof tree === 'function') {
    yield;
    const element = tree();
    if (element.tag === 'tr') parts.push(toHtml(element));
    else yield* write(element, parts);
  } else if (typeof tree === 'string') {
    parts.push(escape(tree));
  } else {
    parts.push(opening(tree));
    for (const kid of tree.kids) yield* write(kid, parts);
    parts.push(`</${tree.tag}>`);
  }
}

/** Renders in steps: see `write`. */
export function* writePage(view: StatsView): Generator<void, string> {
  const parts: string[] = [];
  for (const section of layout(view)) yield* write(section, parts);
  const pod = escape(view.proxy.pod);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${pod} – Outrigger stats</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="${ICON}"><style>${STYLE}</style></head><body>
<header><h1>${LOGO}<span>Outrigger</span> <small>${pod}</small></h1>
<form method="get" action="stats" role="search"><label for="filter">Filter</label>
<input id="filter" type="search" name="q" value="${escape(view.filter)}" placeholder="${HELP}" maxlength="100" autocomplete="off" spellcheck="false">
<button class="go">Filter</button></form>
<p class="live"><span id="state" role="status">as of loading</span> <button id="pause" type="button" aria-pressed="false" hidden>Pause</button></p></header>
<main id="stats">${parts.join('')}</main>
<script>${CLIENT}</script></body></html>
`;
}

let policy: string | undefined;

/** Allows only this script and this style; no other origin, and no conversion of text to HTML. */
export function contentSecurityPolicy(): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return (policy ??= [
    "default-src 'none'",
    `script-src ${hash(CLIENT)}`,
    `style-src ${hash(STYLE)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '));
}
