/** A client of the gateways: single requests, and many of them in a closed loop. */
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  /** A `host` replaces the address in the Host header. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: a new connection for each request. */
  readonly agent?: Agent;
}

const TIMEOUT_MS = 10_000;

/** @throws when the connection fails, breaks, or is idle for 10 s. */
export function ask(url: string, { method = 'GET', headers = {}, agent }: Question = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent: agent ?? false, timeout: TIMEOUT_MS };
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    sent.on('error', reject).end();
  });
}

/** How often each backend answered: response bodies of `count` requests in sequence. @throws on any status but 200 */
export async function whoAnswers(url: string, count: number, question?: Question): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  for (let i = 0; i < count; i += 1) {
    const { status, headers, body } = await ask(url, question);
    if (status !== 200) throw new Error(`${status} (${String(headers['outrigger-reason'])}) from ${url}`);
    answers.set(body, (answers.get(body) ?? 0) + 1);
  }
  return answers;
}

/** Pause of one client between two requests, ms: with a few clients that is a few hundred requests a second at most. */
const PAUSE_MS = 15;

const running = new Set<Load>();

/** Stops every load that still runs: one that a failed assertion left would keep its file from ending. */
export async function stopLoads(): Promise<void> {
  await Promise.all([...running].map((load) => load.stop()));
}

/** Clients that request each URL in a closed loop on kept-alive connections, until they are stopped. */
export class Load {
  sent = 0;
  /** Failures, with the time in ms since the start. */
  readonly failed: string[] = [];
  readonly #began = performance.now();
  readonly #stopping = new AbortController();
  readonly #spared = new Map<string, number>();
  readonly #clients: Promise<void>[];

  readonly #question: Question;

  constructor(urls: readonly string[], clientsEach = 2, question: Question = {}) {
    this.#question = question;
    running.add(this);
    this.#clients = urls.flatMap((url) => Array.from({ length: clientsEach }, () => this.#run(url)));
  }

  /** No failure of this URL counts from now on: its server is about to be killed. */
  spare(url: string): void {
    this.#spared.set(url, Infinity);
  }

  /** Failures of requests that begin from now on count again. */
  count(url: string): void {
    this.#spared.set(url, performance.now());
  }

  async stop(): Promise<{ sent: number; failed: readonly string[] }> {
    this.#stopping.abort();
    await Promise.all(this.#clients);
    running.delete(this);
    return { sent: this.sent, failed: this.failed };
  }

  async #run(url: string): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#stopping.signal.aborted) {
      const began = performance.now();
      const problem = await ask(url, { ...this.#question, agent }).then(
        ({ status, headers }) => (status === 200 ? undefined : `${status} ${String(headers['outrigger-reason'])}`),
        (error: NodeJS.ErrnoException) => error.code ?? error.message,
      );
      this.#note(url, began, problem);
      await pause(PAUSE_MS);
    }
    agent.destroy();
  }

  #note(url: string, began: number, problem: string | undefined): void {
    if (began < (this.#spared.get(url) ?? 0)) return;
    this.sent += 1;
    if (problem !== undefined) this.failed.push(`${url} at ${Math.round(began - this.#began)} ms: ${problem}`);
  }
}
