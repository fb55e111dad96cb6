/** Targets as clients spell them, and what becomes of them where one route serves `/admin` and another one everything else. */
import { DEFAULT_PATH_NORMALIZATION } from '../snapshot/path-normalization.ts';
import type { PathNormalization } from '../snapshot/types.ts';

export interface PathCase {
  readonly how: PathNormalization;
  /** The request target. */
  readonly target: string;
  /** Which route it reaches, and the target that the backend receives. Undefined: it is refused with 400. */
  readonly reaches: `${'admin' | 'rest'} ${string}` | undefined;
}

const DEFAULT = DEFAULT_PATH_NORMALIZATION;
const REJECT: PathNormalization = { ...DEFAULT, encodedSlash: 'Reject' };
const DECODE: PathNormalization = { ...DEFAULT, encodedSlash: 'Decode' };
const OFF: PathNormalization = { decodeUnreserved: false, mergeSlashes: false, encodedSlash: 'Keep' };
const OFF_REJECT: PathNormalization = { ...OFF, encodedSlash: 'Reject' };
const OFF_DECODE: PathNormalization = { ...OFF, encodedSlash: 'Decode' };

/** By the settings: target and what it reaches. */
const TABLE: readonly (readonly [how: PathNormalization, cases: Readonly<Record<string, PathCase['reaches']>>])[] = [
  [
    DEFAULT,
    {
      '/admin': 'admin /admin',
      '/admin/': 'admin /admin/',
      '/%61dmin': 'admin /admin',
      '//admin': 'admin /admin',
      '///%61dmin//x': 'admin /admin/x',
      '/adm%69n/x': 'admin /admin/x',
      '/%61%64%6D%69%6e': 'admin /admin',
      '/admin?a=//%61%2f%zz': 'admin /admin?a=//%61%2f%zz',
      'http://a//admin?b=http://c//d': 'admin /admin?b=http://c//d',
      'http://a/%61dmin': 'admin /admin',
      '/admin/%c3%a9': 'admin /admin/%C3%A9',
      '/admin%2Fx': 'rest /admin%2Fx',
      '/admin%2fx': 'rest /admin%2Fx',
      '/%2Fadmin': 'rest /%2Fadmin',
      '/%2561dmin': 'rest /%2561dmin',
      '/Admin': 'rest /Admin',
      '/administer': 'rest /administer',
      '/admin;x': 'rest /admin;x',
      '/admin%3bx': 'rest /admin%3Bx',
    },
  ],
  [
    REJECT,
    {
      '/admin%2Fx': undefined,
      '/a%2fb?c': undefined,
      'http://a/a%2Fb': undefined,
      '/a%252Fb': 'rest /a%252Fb',
      '/%61dmin?b=%2F': 'admin /admin?b=%2F',
    },
  ],
  [
    DECODE,
    {
      '/admin%2Fx': 'admin /admin/x',
      '/%2f%61dmin%2F/x': 'admin /admin/x',
      '/a%252Fb?c=%2F': 'rest /a%252Fb?c=%2F',
    },
  ],
  [
    OFF,
    {
      '/%61dmin': 'rest /%61dmin',
      '//admin': 'rest //admin',
      '/admin//x%c3%A9?a=//': 'admin /admin//x%c3%A9?a=//',
      '/admin%2fx': 'rest /admin%2fx',
      'http://a//%61%2F': 'rest //%61%2F',
    },
  ],
  [OFF_REJECT, { '/admin%2fx': undefined, '//%61': 'rest //%61' }],
  [OFF_DECODE, { '/admin%2f%61': 'admin /admin/%61', '/%2Fadmin': 'rest //admin' }],
];

/** Refused whatever the settings: what begins no escape, dot segments, backslash and NUL. */
const REFUSED = [
  ...['/%zz', '/%', '/%4', '/admin/%4/', '/%%61', '/%u0061', 'http://a/%zz'],
  ...['/%2e%2e', '/a/.%2E/admin', '/a%2F..%2Fb', '/a%2f%2e%2e', '/a%2F.', '//..', '//%2e/', '/%2F../admin'],
  ...['/%00', '/a%5cb', '/a%5C..'],
];

export const PATHS: readonly PathCase[] = [
  ...TABLE.flatMap(([how, cases]) => Object.entries(cases).map(([target, reaches]) => ({ how, target, reaches }))),
  ...[DEFAULT, REJECT, DECODE, OFF, OFF_REJECT, OFF_DECODE].flatMap((how) =>
    REFUSED.map((target) => ({ how, target, reaches: undefined })),
  ),
];
