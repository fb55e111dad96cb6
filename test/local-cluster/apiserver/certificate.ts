/**
 * A self-signed certificate for loopback, so that clients can use an https URL: kubectl and helm send a token only
 * over TLS. ECDSA P-256, X.509 v3 in DER (RFC 5280), encoded here because node:crypto creates keys but no certificates.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export interface Identity {
  /** PEM; clients trust it directly. */
  readonly certificate: string;
  readonly key: string;
}

const VALID_FOR = 365 * 24 * 3600 * 1000;

/** The identity kept in a folder; created on first use, so that clients need no new one after a restart. */
export function identityIn(directory: string, now: Date): Identity {
  const file = path.join(directory, 'identity.json');
  if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, 'utf8')) as Identity;
  const identity = selfSigned(now);
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(`${file}.new`, JSON.stringify(identity), { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
  return identity;
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const bits = (content: Uint8Array): Buffer => der(0x03, Buffer.from([0]), content);
const octets = (content: Uint8Array): Buffer => der(0x04, content);
const critical = der(0x01, Buffer.from([0xff]));

/** Object identifiers below 2.128 with small arcs, or arcs of any size in base 128. */
function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const arc = (value: number): number[] => (value < 128 ? [value] : [...arc(value >> 7).map((byte) => byte | 0x80), value & 127]);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(arc)]));
}

function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

/** @param names of DNS, beside those of loopback */
export function selfSigned(now: Date, ...names: readonly string[]): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const subject = sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from('outrigger-local')))));
  const validity = sequence(time(new Date(now.getTime() - 60_000)), time(new Date(now.getTime() + VALID_FOR)));
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)]));
  const version = der(0xa0, der(0x02, Buffer.from([2])));
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const body = sequence(version, serial, algorithm, subject, validity, subject, key, der(0xa3, extensions(names)));
  const certificate = sequence(body, algorithm, bits(sign('sha256', body, privateKey)));
  return { certificate: pem(certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** Self-signed, for servers, with the names of loopback. */
function extensions(others: readonly string[]): Buffer {
  const names = sequence(
    ...['localhost', ...others].map((name) => der(0x82, Buffer.from(name))),
    der(0x87, Buffer.from([127, 0, 0, 1])),
    der(0x87, Buffer.concat([Buffer.alloc(15), Buffer.from([1])])),
  );
  return sequence(
    sequence(oid('2.5.29.19'), critical, octets(sequence(critical))),
    sequence(oid('2.5.29.37'), octets(sequence(oid('1.3.6.1.5.5.7.3.1')))),
    sequence(oid('2.5.29.17'), octets(names)),
  );
}

function pem(content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
