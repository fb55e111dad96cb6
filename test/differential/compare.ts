/** What differs between this proxy and a peer in one case, as short texts: each is one entry of a table of differences. */
import type { Conversation } from './conversation.ts';
import { readRequests, readResponses } from './plain-reader.ts';
import type { Field, PlainRequest, PlainResponse } from './plain-reader.ts';

/** Fields about one connection, and those that a proxy writes itself: they differ by nature. */
const NOT_COMPARED =
  /^(connection|keep-alive|proxy-connection|content-length|transfer-encoding|forwarded|via|x-forwarded-.*|x-request-id|date|server|outrigger-reason)$/;

const classes = (statuses: readonly number[] = []) =>
  statuses.map((status) => `${Math.trunc(status / 100)}xx`).join(' ') || 'nothing';
/** Fields that a proxy may write in a spelling of its own, whatever the other side sent: each is reported by its name. */
const OWN_SPELLING = /^(host|te|trailer|upgrade)$/;

/** Proxies listen on addresses and ports of their own: what they write for a missing Host is alike. */
const own = (value: string) => value.replace(/^127\.\d+\.\d+\.\d+:\d+$/, 'its own address');
const byName = (fields: readonly Field[]) => Map.groupBy(fields, ([name]) => name.toLowerCase());

/** Differences of end-to-end fields. `where` stands before each of them. */
export function compareFields(ours: readonly Field[], theirs: readonly Field[], where = ''): string[] {
  const [mineByName, theirsByName] = [byName(ours), byName(theirs)];
  const differences: string[] = [];
  for (const name of new Set([...mineByName.keys(), ...theirsByName.keys()])) {
    if (NOT_COMPARED.test(name)) continue;
    const [mine = [], other = []] = [mineByName.get(name), theirsByName.get(name)];
    const joined = (lines: readonly Field[]) => lines.map(([, value]) => own(value)).join(name === 'cookie' ? '; ' : ', ');
    if (other.length === 0) differences.push(`lacks ${name}`);
    else if (mine.length === 0) differences.push(`adds ${name}`);
    else if (joined(mine) !== joined(other)) differences.push(`value of ${name}`);
    else if (mine.length !== other.length) differences.push(`lines of ${name}`);
    else if (mine.some(([n], i) => n !== other[i]?.[0])) differences.push(`case of ${OWN_SPELLING.test(name) ? name : 'names'}`);
  }
  return [...new Set(differences)].map((text) => `${where}${text}`);
}

function compareRequest(ours: PlainRequest, theirs: PlainRequest): string[] {
  return [
    ...(ours.method === theirs.method ? [] : ['method']),
    ...(ours.target === theirs.target ? [] : ['target']),
    ...compareFields(ours.fields, theirs.fields),
    ...(ours.body === theirs.body ? [] : ['body']),
    ...compareFields(ours.trailers, theirs.trailers, 'trailers: '),
  ];
}

/** The requests that a backend received, of all connections. */
export const forwarded = ({ received }: Conversation): readonly PlainRequest[] =>
  received.flatMap((text) => readRequests(text).messages);

/** Methods of the requests that a client sends, as far as its answers depend on them. */
const methodsOf = (send: string | readonly string[]) => (typeof send === 'string' && send.startsWith('HEAD') ? ['HEAD'] : []);

/** As `STATUSES/FORWARDED, peer STATUSES/FORWARDED` where answers or the number of requests differ; fields by their names. */
export function compareRequests(send: string | readonly string[], ours: Conversation, theirs: Conversation): string[] {
  const [mine, other] = [ours, theirs].map(({ text }) =>
    readResponses(text, methodsOf(send), true).messages.map((m) => m.status),
  );
  const [sent, got] = [forwarded(ours), forwarded(theirs)];
  const [own, peer] = [`${classes(mine)}/${sent.length}`, `${classes(other)}/${got.length}`];
  const answers = own === peer ? [] : [`${own}, peer ${peer}`];
  if (sent.length !== got.length) return answers;
  return [...new Set([...answers, ...sent.flatMap((request, i) => compareRequest(request, got[i] as PlainRequest))])];
}

function compareResponse(ours: PlainResponse, theirs: PlainResponse): string[] {
  return [
    ...(ours.start.split(' ').slice(2).join(' ') === theirs.start.split(' ').slice(2).join(' ') ? [] : ['reason phrase']),
    ...(ours.start.startsWith(theirs.start.slice(0, 8)) ? [] : ['version']),
    ...(ours.framing === theirs.framing ? [] : [`framing ${ours.framing}, peer ${theirs.framing}`]),
    ...compareFields(ours.fields, theirs.fields),
    ...(ours.body === theirs.body ? [] : ['body']),
    ...compareFields(ours.trailers, theirs.trailers, 'trailers: '),
  ];
}

/** Many times the same as `102×33`. */
const statusesOf = (messages: readonly PlainResponse[]) =>
  messages
    .map(({ status }) => status)
    .join(' ')
    .replace(/\b(\d+)(?: \1\b)+/g, (run, status: string) => `${status}×${run.split(' ').length}`);

export function compareResponses(method: string, ours: Conversation, theirs: Conversation): string[] {
  const [mine, other] = [ours, theirs].map(({ text, ended }) => readResponses(text, [method], ended === 'closed'));
  const view = (read: typeof mine) => `${statusesOf(read?.messages ?? [])}${read?.rest === '' ? '' : ' cut'}`.trim() || 'nothing';
  if (view(mine) !== view(other)) return [`${view(mine)}, peer ${view(other)}`];
  // What a proxy answers by itself is its own text.
  const pairs = (mine?.messages ?? []).map((m, i) => [m, other?.messages[i] as PlainResponse] as const);
  return [...new Set(pairs.flatMap(([m, o]) => (m.status >= 502 && m.status <= 504 ? [] : compareResponse(m, o))))];
}
