import { get } from './test-request-case.ts';
import type { RequestCase } from './test-request-case.ts';

/** Several requests on one connection. */
export const PIPELINED: readonly RequestCase[] = [
  {
    what: 'three in one piece, in order',
    send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    gets: [200, 200, 200],
    received: ['GET /1', 'POST /2', 'GET /3'],
    check: (received) => received[1]?.body === 'hi',
  },
  {
    what: 'a Content-Length that is too short: the rest is a request',
    send: `POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi${get('', '/2')}`,
    gets: [200, 200],
    received: ['POST /1', 'GET /2'],
  },
  {
    what: 'a Content-Length that is too short: the rest is not a request',
    send: 'POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi there\r\n\r\n',
    gets: [200, 400],
    received: ['POST /1'],
  },
  {
    what: 'a bad request after a good one',
    send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost : a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n',
    gets: [200, 400],
    received: ['GET /1'],
  },
  {
    what: 'a request without Host after a good one',
    send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n',
    gets: [200, 400],
    received: ['GET /1'],
  },
  {
    what: 'a bad chunk after a good request',
    send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
    gets: [200, 400],
    received: ['GET /1'],
  },
  {
    what: 'CONNECT after a good request',
    send: 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nCONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n',
    gets: [200, 405],
    received: ['GET /1'],
  },
  {
    what: 'a request after one that ends the connection',
    send: `${get('', '/1')}${get('', '/2')}`,
    gets: [200],
    received: ['GET /1'],
  },
];
