/** Bytes that were once handled wrongly, as they were found. They are tried again in every run. */

interface Regression {
  readonly what: string;
  readonly from: 'client' | 'backend';
  readonly send: readonly string[];
  /** What the backend does with its connection after that; `keep` unless given. */
  readonly then?: 'end' | 'keep';
}

const HOST = 'Host: a\r\n';

export const REGRESSIONS: readonly Regression[] = [
  {
    what: 'a refusal was sent before the response to the request before it',
    from: 'client',
    send: [`GET /1 HTTP/1.1\r\n${HOST}\r\nGET /2 HTTP/1.1\r\nHost : a\r\n\r\n`],
  },
  {
    what: 'a request after a refused one was forwarded',
    from: 'client',
    send: [`GET /1 HTTP/1.1\r\n${HOST}\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n${HOST}\r\n`],
  },
  {
    what: 'two answers to one request with an unknown coding',
    from: 'client',
    send: [`POST / HTTP/1.1\r\n${HOST}Connection: close\r\nTransfer-Encoding: gzip\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`],
  },
  {
    what: 'bytes after a request that ends its connection were answered in its place',
    from: 'client',
    send: [`POST / HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: 2\r\n\r\nhi\r\n`],
  },
  {
    what: 'a whole response was cut because of the bytes after it',
    from: 'backend',
    send: ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more'],
  },
  {
    what: 'a connection was reused after a response that was not asked for',
    from: 'backend',
    send: ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext'],
  },
  {
    what: '204 was forwarded with a length',
    from: 'backend',
    send: ['HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello'],
  },
];
