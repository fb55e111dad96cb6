import { get } from './test-request-case.ts';
import type { Exemption, Exemptions, RequestCase } from './test-request-case.ts';

const byNodeHttp = (exemption: Omit<Exemption, 'why'>): Exemptions => ({
  'node-http': { ...exemption, why: 'the parser of node:http reads fields in trailers as if they were in the head' },
});

/** Fields that mean something in a head, and with which engines they do in trailers. */
const IN_TRAILERS: readonly (readonly [field: string, except?: Exemptions])[] = [
  ['Connection: close', byNodeHttp({ gets: [200], received: ['POST /1'], staysOpen: true })],
  ['Connection: Upgrade\r\nUpgrade: test/1'],
  ['Content-Length: 5', byNodeHttp({ gets: [400], received: [] })],
  ['Transfer-Encoding: chunked', byNodeHttp({ gets: [400], received: [] })],
  ['Expect: 100-continue'],
  ['Host: b'],
  ['TE: trailers'],
];

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
    what: 'a bare CR before a request after a good one',
    send: `GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r${get('', '/2')}`,
    gets: [200, 400],
    received: ['GET /1'],
    except: {
      'node-http': { gets: [200, 200], received: ['GET /1', 'GET /2'], why: 'the parser of node:http skips it' },
    },
  },
  ...IN_TRAILERS.map(([field, except = {}]): RequestCase => ({
    except,
    what: `a request after one with ${field} in its trailers, where it means nothing`,
    send: `POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${field}\r\n\r\n${get('', '/2')}`,
    gets: [200, 200],
    received: ['POST /1', 'GET /2'],
    check: ([first]) => first === undefined || (first.body === 'hi' && first.trailers.length === 0),
  })),
  {
    what: 'a request after one that ends the connection',
    send: `${get('', '/1')}${get('', '/2')}`,
    gets: [200],
    received: ['GET /1'],
  },
];
