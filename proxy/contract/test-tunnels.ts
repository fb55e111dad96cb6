/** Upgrades on raw sockets, and the part of WebSocket that tests need. */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { eventually } from '../testing.ts';
import type { ProxySpec, TestProxy } from '../testing.ts';
import { beginConversation } from './test-answers.ts';
import type { Conversation } from './test-answers.ts';
import type { HostileBackend, Script } from './test-hostile.ts';
import { stage } from './test-engines.ts';
import type { Pair } from './test-engines.ts';

export const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test/1\r\n';

export function asking(fields = 'Upgrade: test/1\r\n', start = 'GET /chat HTTP/1.1'): string {
  return `${start}\r\nHost: a\r\nConnection: Upgrade\r\n${fields}\r\n`;
}

/** One end of a connection: everything that was received, and how the peer ended it. */
export class Side {
  readonly socket: Socket;
  text = '';
  ended: 'no' | 'end' | 'reset' = 'no';
  /** Stays open when the peer has ended its half. */
  staysOpen = true;

  readonly #conversation: Conversation | undefined;

  constructor(socket: Socket, conversation?: Conversation) {
    this.socket = socket;
    this.#conversation = conversation;
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1');
      if (conversation) conversation.received = this.text;
    });
    socket.on('end', () => {
      this.ended = 'end';
      if (conversation) conversation.ended = 'closed';
      if (!this.staysOpen) socket.end();
    });
    socket.on('error', () => (this.ended = 'reset'));
  }

  send(text: string): void {
    if (this.#conversation) this.#conversation.sent += text;
    this.socket.write(text, 'latin1');
  }
  has(text: string | RegExp): Promise<void> {
    return eventually(() => (typeof text === 'string' ? this.text.includes(text) : text.test(this.text)), 3000);
  }
  gone(how: 'end' | 'reset'): Promise<void> {
    return eventually(() => this.ended === how, 3000);
  }
}

export function dial(port: number): Side {
  return new Side(connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }), beginConversation(port));
}

export interface TunnelStage {
  readonly proxy: TestProxy;
  readonly backend: HostileBackend;
  /** The backend's ends of the tunnels, in the order in which they were opened. */
  readonly far: readonly Side[];
  /** Asks for a tunnel and waits until it is open. */
  readonly open: (early?: string) => Promise<Side>;
}

/** A stage whose backend switches protocols with this answer. */
export function tunnelStage(
  pair: Pair,
  spec: Partial<ProxySpec>,
  run: (s: TunnelStage) => Promise<void>,
  answer = `${SWITCHING}\r\n`,
): Promise<void> {
  const far: Side[] = [];
  const tunnel: Script['tunnel'] = (socket, early) => {
    socket.allowHalfOpen = true;
    const side = new Side(socket);
    side.text = early;
    side.staysOpen = false;
    far.push(side);
    side.send(answer);
  };
  const near: Side[] = [];
  return stage(pair, { tunnel }, spec, async ({ proxy, backend }) => {
    const open = async (early = ''): Promise<Side> => {
      const side = dial(proxy.port);
      near.push(side);
      side.send(asking() + early);
      await side.has('\r\n\r\n');
      return side;
    };
    try {
      await run({ proxy, backend, far, open });
    } finally {
      for (const { socket } of near) socket.destroy();
    }
  });
}

/** The answer of a WebSocket server (RFC 6455 §4.2.2). */
export function acceptWebSocket(key: string): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const fields = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n`;
  return `HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n`;
}

/** Echoes every frame of up to 125 bytes, unmasked; a close frame ends the connection. */
export function echoFrames(socket: Socket): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 6) {
      const length = (rest[1] ?? 0) & 0x7f;
      if (rest.length < 6 + length) return;
      const mask = rest.subarray(2, 6);
      const payload = rest.subarray(6, 6 + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
      socket.write(Buffer.concat([Buffer.from([rest[0] ?? 0, length]), payload]));
      if (((rest[0] ?? 0) & 0x0f) === 8) socket.end();
      rest = rest.subarray(6 + length);
    }
  });
}
