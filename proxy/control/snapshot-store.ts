import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { integer, object, string, wrongFields } from '../snapshot/check.ts';
import { hexDigest } from '../snapshot/fields.ts';
import type { Location } from '../snapshot/location.ts';
import * as schema from '../snapshot/schema.ts';
import type { Snapshot, Version } from '../snapshot/types.ts';
import { validateSnapshot } from '../snapshot/validate.ts';
import type { ControlLog } from './log.ts';

/** The highest version accepted, and its digest. */
export interface Fence extends Version {
  readonly digest: string;
}

export interface LastGood {
  readonly digest: string;
  /** Of this proxy. */
  readonly location: Location;
  /** Complete: contains every part. */
  readonly snapshot: Snapshot;
}

/** What a proxy keeps over a restart of its container. */
export interface SnapshotStore {
  loadFence(): Promise<Fence | undefined>;
  loadLastGood(): Promise<LastGood | undefined>;
  saveFence(fence: Fence): Promise<void>;
  saveLastGood(lastGood: LastGood): Promise<void>;
}

/**
 * Keeps fence and last good snapshot as two files in a directory. A file is replaced atomically; one that cannot be parsed is
 * renamed to `*.corrupt` for inspection, with a warning, and counts as absent. Saving rejects with the file system's error.
 */
export function createSnapshotStore(folder: string, log: ControlLog): SnapshotStore {
  const fencePath = join(folder, 'fence.json');
  const snapshotPath = join(folder, 'snapshot.json');
  return {
    loadFence: () => load(fencePath, asFence, log),
    loadLastGood: () => load(snapshotPath, asLastGood, log),
    saveFence: (fence) => replace(folder, fencePath, JSON.stringify(fence)),
    saveLastGood: ({ location, ...rest }) => replace(folder, snapshotPath, JSON.stringify({ ...rest, ...location })),
  };
}

const fenceShape = object({
  epoch: integer(1, Number.MAX_SAFE_INTEGER),
  sequence: integer(1, Number.MAX_SAFE_INTEGER),
  digest: hexDigest,
});

function asFence(value: unknown): Fence | undefined {
  return wrongFields(value, fenceShape).length === 0 ? (value as Fence) : undefined;
}

const lastGoodShape = object(
  { digest: string({ max: 64 }), snapshot: schema.snapshot },
  { zone: schema.place, node: schema.place },
);

/** Everything is checked as if it came from the network: the digests cover every byte that matters. Older proxies saved no node, or no zone. */
function asLastGood(value: unknown): LastGood | undefined {
  if (wrongFields(value, lastGoodShape).length > 0) return undefined;
  const { digest, zone = '', node = '', snapshot } = value as Omit<LastGood, 'location'> & Partial<Location>;
  const result = validateSnapshot(snapshot);
  if (!result.ok || result.digest !== digest) return undefined;
  const whole = result.snapshot.pools.every((pool) => Object.hasOwn(result.snapshot.parts, pool.digest));
  return whole ? { digest, location: { zone, node }, snapshot } : undefined;
}

async function load<T>(path: string, understand: (value: unknown) => T | undefined, log: ControlLog): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') log.warn({ err: error, path }, 'a state file cannot be read');
    return undefined;
  }
  const value = understand(parse(text));
  if (value === undefined) await setAside(path, log);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function setAside(path: string, log: ControlLog): Promise<void> {
  log.warn({ path, kept: `${path}.corrupt` }, 'a state file is corrupt and is set aside');
  try {
    await rename(path, `${path}.corrupt`);
  } catch (error) {
    log.warn({ err: error, path }, 'a corrupt state file cannot be set aside');
  }
}

/**
 * Written to a temporary file, flushed, renamed, and the directory flushed: after a crash the file is the old one or the new one.
 */
async function replace(folder: string, path: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const aside = `${path}.tmp`;
  const file = await open(aside, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
