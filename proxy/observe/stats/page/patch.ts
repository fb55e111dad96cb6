/** Updates the page to match a tree. Unchanged nodes are not touched, so that a text selection stays. */
import { document } from './dom.ts';
import type { DomElement, DomNode } from './dom.ts';
import type { Element, Tree } from './tree.ts';

const ELEMENT = 1;
const TEXT = 3;
const SVG = new Set(['svg', 'title', 'polygon', 'polyline', 'rect']);

export function patch(parent: DomElement, kids: readonly Tree[]): void {
  for (const [i, tree] of kids.entries()) {
    const kid = typeof tree === 'function' ? tree() : tree;
    const old = parent.childNodes[i];
    if (!old) parent.append(make(kid));
    else if (!adapt(old, kid)) parent.replaceChild(make(kid), old);
  }
  for (let extra = parent.childNodes[kids.length]; extra; extra = parent.childNodes[kids.length]) parent.removeChild(extra);
}

/** Returns whether the node could be updated in place. */
function adapt(node: DomNode, tree: string | Element): boolean {
  if (typeof tree === 'string') {
    if (node.nodeType !== TEXT) return false;
    if (node.textContent !== tree) node.textContent = tree;
    return true;
  }
  const element = node as DomElement;
  if (node.nodeType !== ELEMENT || element.localName !== tree.tag) return false;
  for (const [name, value] of Object.entries(tree.attrs))
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  for (const { name } of Array.from(element.attributes)) if (tree.attrs[name] === undefined) element.removeAttribute(name);
  patch(element, tree.kids);
  return true;
}

function make(tree: Tree): DomNode {
  if (typeof tree === 'function') return make(tree());
  if (typeof tree === 'string') return document.createTextNode(tree);
  const element = create(tree);
  for (const [name, value] of Object.entries(tree.attrs)) element.setAttribute(name, value);
  element.append(...tree.kids.map(make));
  return element;
}

function create({ tag }: Element): DomElement {
  return SVG.has(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
}
