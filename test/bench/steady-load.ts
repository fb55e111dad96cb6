import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';

const TIMEOUT_MS = 5_000;

/** Asks targets at a steady pace, whether or not earlier answers have come, until it is stopped. */
export class Asking {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #timer: NodeJS.Timeout;
  /** Requests that got no answer 200. */
  failed = 0;

  /** `heard` gets the body of every answer 200 and when it was complete (performance.now). */
  constructor(targets: readonly string[], everyMs: number, heard: (target: number, body: string, at: number) => void) {
    this.#timer = setInterval(() => {
      targets.forEach((target, i) => {
        this.#ask(target).then(
          (body) => heard(i, body, performance.now()),
          () => (this.failed += 1),
        );
      });
    }, everyMs);
  }

  #ask(target: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = get(`http://${target}/`, { agent: this.#agent, timeout: TIMEOUT_MS }, (response) => {
        if (response.statusCode === 200) text(response).then(resolve, reject);
        else response.resume().on('close', () => reject(new Error(`HTTP ${response.statusCode}`)));
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', reject);
    });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#agent.destroy();
  }
}
