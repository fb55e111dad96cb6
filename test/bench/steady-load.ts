import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';

const TIMEOUT_MS = 5_000;

/** Sends a GET to every target at a fixed interval, whether or not earlier responses have come, until it is stopped. */
export class SteadyLoad {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #timer: NodeJS.Timeout;
  /** Number of requests without a response 200. */
  failed = 0;

  /** `onResponse` gets the body of every response 200, and the time when it was complete (performance.now). */
  constructor(targets: readonly string[], intervalMs: number, onResponse: (target: number, body: string, at: number) => void) {
    this.#timer = setInterval(() => {
      targets.forEach((target, i) => {
        this.#get(target).then(
          (body) => onResponse(i, body, performance.now()),
          () => (this.failed += 1),
        );
      });
    }, intervalMs);
  }

  #get(target: string): Promise<string> {
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
