/** Tables that are laid out as cards on narrow screens; ARIA roles keep their meaning. */
import { h } from './tree.ts';
import type { Element, Tree } from './tree.ts';

export interface Column {
  readonly name: string;
  /** Numeric column, aligned right. */
  readonly figures?: boolean;
}

/** The cells of a row, each with its content. */
type Row = () => readonly (readonly Tree[])[];

export function table(label: string, columns: readonly Column[], rows: readonly Row[]): Element {
  const heads = columns.map(({ name, figures }) => h('th', { scope: 'col', role: 'columnheader', ...right(figures) }, name));
  return h(
    'table',
    { role: 'table', 'aria-label': label },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...heads)),
    h('tbody', { role: 'rowgroup' }, ...rows.map((row) => () => tr(columns, row()))),
  );
}

function tr(columns: readonly Column[], cells: ReturnType<Row>): Element {
  return h('tr', { role: 'row' }, ...cells.map((kids, i) => cell(columns[i], kids)));
}

function cell(column: Column | undefined, kids: readonly Tree[]): Element {
  const { name = '', figures } = column ?? {};
  return h('td', { role: 'cell', 'data-name': name, ...right(figures) }, h('div', {}, ...kids));
}

function right(figures: boolean | undefined): Record<string, string> {
  return figures ? { class: 'n' } : {};
}

export function line(...kids: readonly (Tree | undefined)[]): Element {
  return h('div', {}, ...kids);
}

/** Secondary text. */
export function aside(text: string): Element | undefined {
  return text === '' ? undefined : h('small', {}, text);
}

export function leftOut(n: number, what: string): Element | undefined {
  if (n === 0) return undefined;
  return h('p', { class: 'note' }, `${n} more ${what} ${n === 1 ? 'is' : 'are'} left out: narrow the filter to see them.`);
}
