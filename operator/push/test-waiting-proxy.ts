/** For tests: a proxy on loopback that answers questions for its status when the test says so. It applies whatever is pushed. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { snapshotDigest } from '../../proxy/snapshot/canonical.ts';
import { importPublicKey, verifyToken } from '../../proxy/snapshot/token.ts';
import type { PushAnswer, Snapshot, StatusAnswer } from '../../proxy/snapshot/types.ts';

/** What it reports, beside what it has. */
type Lists = Required<Pick<StatusAnswer, 'rejected' | 'unhealthy' | 'degraded'>>;

/** A question that it has read and not answered. */
interface Held {
  readonly after: string;
  /** The answer of the moment in which the question was read. */
  readonly then: StatusAnswer;
  readonly res: ServerResponse;
}

export class WaitingProxy {
  /** The questions in order: the revision that each named, or `plain`. */
  readonly asked: string[] = [];
  /** Snapshots in the order in which they were applied. */
  readonly applied: NonNullable<StatusAnswer['applied']>[] = [];
  /** Questions that wait. */
  held: readonly Held[] = [];
  /** Questions whose connection was closed before they were answered. */
  aborted = 0;
  /** Requests that were refused: a token that is not for exactly this request. */
  refused = 0;
  /** Pushes that are applied and not answered. */
  unanswered = 0;
  /** Awaited between the application of a push and its answer, which has what is reported by then. */
  beforeAck: () => Promise<void> = () => Promise.resolve();
  /** Whether a push is news. */
  pushIsNews = true;
  /** False: as an older proxy, which knows neither revisions nor `degraded`, and no path with a query. */
  canWait = true;
  /** Whether questions that wait are answered with the news that there are. */
  answers = true;
  uid: string;
  #lists: Lists = { rejected: [], unhealthy: [], degraded: [] };
  #revision = 1;
  readonly #publicKey: string;
  readonly #server: Server;

  constructor(uid: string, publicKey: string) {
    this.uid = uid;
    this.#publicKey = publicKey;
    this.#server = createServer((req, res) => void this.#handle(req, res));
  }

  /** Listens until the test ends. @returns its port */
  async start(t: TestContext, address: string): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, address, resolve));
    t.after(() => {
      this.#server.closeAllConnections();
      return new Promise((resolve) => this.#server.close(resolve));
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** There is news; absent lists stay. */
  tell(lists: Partial<Lists> = {}): void {
    this.#lists = { ...this.#lists, ...lists };
    this.#revision++;
    if (this.answers) this.answerAll();
  }

  /** Answers every question that waits, with the status of now, or of when it was asked. */
  answerAll(then = false): void {
    const { held } = this;
    this.held = [];
    for (const question of held) send(question.res, 200, then ? question.then : this.#status());
  }

  /** Loses what it has, as a container does that restarts with an empty disk. */
  lose(): void {
    this.applied.length = 0;
    this.tell();
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await buffer(req);
    const target = req.url ?? '';
    const token = (req.headers.authorization ?? '').slice('Bearer '.length);
    const [audience, nowSeconds] = [this.uid, Date.now() / 1000];
    const keys = [importPublicKey(this.#publicKey)].filter((key) => key !== undefined);
    const verdict = verifyToken(token, { keys, audience, method: req.method ?? '', path: target, nowSeconds });
    const [path, after] = target.split('?after=') as [string, string?];
    if (!verdict.ok && verdict.reason !== 'wrong-audience') {
      this.refused++;
      send(res, 401, { reason: verdict.reason });
    } else if (path === '/v1/snapshot') await this.#push(req, res, body);
    else if (after !== undefined && !this.canWait) send(res, 404, { reason: 'not-found' });
    else this.#ask(res, after);
  }

  async #push(req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> {
    const text = req.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const snapshot = JSON.parse(text.toString()) as Snapshot;
    const applied = { ...snapshot.version, digest: snapshotDigest(snapshot) };
    this.applied.push(applied);
    if (this.pushIsNews) this.tell();
    this.unanswered++;
    await this.beforeAck();
    this.unanswered--;
    const { rejected, degraded } = this.#lists;
    send(res, 200, { pod: this.uid, applied, rejected, ...(this.canWait && { degraded }) } satisfies PushAnswer);
  }

  #ask(res: ServerResponse, after: string | undefined): void {
    this.asked.push(after ?? 'plain');
    const then = this.#status();
    if (after === undefined || (this.answers && after !== then.revision)) return send(res, 200, then);
    const question = { after, then, res };
    this.held = [...this.held, question];
    res.on('close', () => {
      if (!res.writableEnded) this.aborted++;
      this.held = this.held.filter((other) => other !== question);
    });
  }

  #status(): StatusAnswer {
    const applied = this.applied.at(-1);
    const { degraded, ...lists } = this.#lists;
    const fence = { epoch: applied?.epoch ?? 0, sequence: applied?.sequence ?? 0 };
    const known = { pod: this.uid, fence, trustedKeys: [this.#publicKey], ...lists, ...(applied && { applied }) };
    return this.canWait ? { ...known, degraded, revision: `r.${this.#revision}` } : known;
  }
}

function send(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
