import { connect } from 'node:net';
import type { Probe, ProbeResult } from './probe.ts';

/** Passes when a connection is established, which is then closed by FIN, not reset. */
export class TcpProbe implements Probe {
  readonly #address: string;
  readonly #port: number;

  constructor(address: string, port: number) {
    this.#address = address;
    this.#port = port;
  }

  run(signal: AbortSignal): Promise<ProbeResult> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.#address, port: this.#port });
      const abort = () => {
        socket.destroy();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      socket.on('error', reject);
      socket.once('connect', () => {
        // Does not wait for the backend's FIN: it may keep its half open for ever.
        socket.end(() => socket.destroy());
        resolve({ ok: true, detail: 'connected' });
      });
      socket.once('close', () => signal.removeEventListener('abort', abort));
    });
  }

  close(): void {
    // Nothing is kept between runs.
  }
}
