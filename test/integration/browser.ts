/** Headless Chromium, driven by its DevTools protocol over a WebSocket. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Cleanup } from '../bench/cleanup.ts';
import { until } from '../local-cluster/cluster.ts';
import { tied } from '../local-cluster/tied.ts';

const ANSWER_MS = 20_000;
const CONDITION_MS = 15_000;

/** Why there is no browser; undefined: there is one. */
export function problemWithChromium(): string | undefined {
  const { error } = spawnSync('chromium', ['--version'], { stdio: 'ignore' });
  return error && 'chromium is not installed (apt-get install chromium)';
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** A browser with a profile of its own, ended with `cleanup`. */
export async function startBrowser(cleanup: Cleanup): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'outrigger-chromium-'));
  cleanup.defer(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  // Without its sandbox, which a container does not allow: it opens only our own pages.
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--hide-scrollbars',
  ];
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-proxy-server'];
  const [file, ...args] = tied([
    'chromium',
    ...flags,
    ...quiet,
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
    'about:blank',
  ]);
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const gone = once(child, 'exit');
  cleanup.defer(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  const lines = createInterface({ input: child.stderr });
  const address = await new Promise<string>((resolve, reject) => {
    const said: string[] = [];
    lines.on('line', (line) => {
      said.push(line);
      const [, url] = /DevTools listening on (ws:\S+)/.exec(line) ?? [];
      if (url !== undefined) resolve(url);
    });
    void gone.then(() => reject(new Error(`chromium ended: ${said.slice(-5).join(' | ')}`)));
  });
  const socket = new WebSocket(address);
  await once(socket, 'open');
  cleanup.defer(() => socket.close());
  return new Browser(socket);
}

export class Browser {
  readonly #socket: WebSocket;
  readonly #open = new Map<number, (message: Message) => void>();
  readonly #listeners = new Set<(session: string, message: Message) => void>();
  #id = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as Message & { readonly sessionId?: string };
      if (message.id !== undefined) this.#open.get(message.id)?.(message);
      else for (const listener of this.#listeners) listener(message.sessionId ?? '', message);
    });
  }

  async send(method: string, params: object = {}, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#id;
    const answered = new Promise<Message>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
      this.#open.set(id, (message) => {
        clearTimeout(timer);
        this.#open.delete(id);
        resolve(message);
      });
    });
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) }));
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  /** A tab, at this size. */
  async open(width = 1280, height = 900): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, String(sessionId));
    this.#listeners.add((session, message) => {
      if (session === sessionId) page.hear(message);
    });
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`);
    await page.resize(width, height);
    return page;
  }
}

export class Page {
  /** Messages of the console, including those of the browser itself: violations, failures to load, exceptions. */
  readonly complaints: string[] = [];
  /** URLs that it requested. */
  readonly asked: string[] = [];
  readonly #browser: Browser;
  readonly #session: string;

  constructor(browser: Browser, session: string) {
    this.#browser = browser;
    this.#session = session;
  }

  hear({ method, params = {} }: Message): void {
    if (method === 'Network.requestWillBeSent') this.asked.push((params['request'] as { url: string }).url);
    if (['Log.entryAdded', 'Runtime.exceptionThrown', 'Runtime.consoleAPICalled'].includes(method ?? ''))
      this.complaints.push(JSON.stringify(params));
  }

  send(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    return this.#browser.send(method, params, this.#session);
  }

  async resize(width: number, height: number): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  }

  async prefer(scheme: 'light' | 'dark'): Promise<void> {
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  }

  async scripts(on: boolean): Promise<void> {
    await this.send('Emulation.setScriptExecutionDisabled', { value: !on });
  }

  /** Resolves when the page is complete. */
  async go(url: string): Promise<void> {
    await this.send('Page.navigate', { url });
    await this.until('the page is complete', `document.readyState === 'complete' && location.href !== 'about:blank'`);
  }

  /** @param expression of JSON */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  async until(what: string, expression: string): Promise<void> {
    await until(what, CONDITION_MS, () => this.evaluate<boolean>(`!!(${expression})`).catch(() => false));
  }

  /** The visible text. */
  text(selector = 'body'): Promise<string> {
    return this.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`);
  }

  /** Types into the focused element. */
  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text });
  }

  async press(key: string): Promise<void> {
    for (const type of ['rawKeyDown', 'keyUp'])
      await this.send('Input.dispatchKeyEvent', { type, key, code: key, windowsVirtualKeyCode: KEYS[key] });
  }

  /** PNG of the visible part. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(String(data), 'base64');
  }
}

const KEYS: Readonly<Record<string, number>> = { Tab: 9, Enter: 13 };
