/** Entry points of the project's own images, for containers without a `command`. There is no registry: the tag does not matter. */
import { PROXY_NODE_FLAGS } from '../../scripts/node-flags.ts';

/** Image without its tag → ENTRYPOINT, relative to the project's root. */
export type EntryPoints = Readonly<Record<string, readonly string[]>>;

/** The proxy's defaults as flags: a mount path can be replaced by the real folder only where it is written (expand.ts). */
const PROXY_FILES = ['--trust-file', '/etc/outrigger/trust/keys', '--state-dir', '/var/lib/outrigger'];
const sampleBackend = { 'outrigger/sample-backend': ['node', 'test/local-cluster/sample-backend.ts'] };

export const SOURCES: EntryPoints = {
  ...sampleBackend,
  'outrigger/operator': ['node', 'operator/main.ts'],
  'outrigger/proxy': ['node', ...PROXY_NODE_FLAGS, 'proxy/main.ts', ...PROXY_FILES],
};

/** The bundles of `npm run build`, which the images contain. */
export const BUNDLES: EntryPoints = {
  ...sampleBackend,
  'outrigger/operator': ['node', 'dist/operator.mjs'],
  'outrigger/proxy': ['node', ...PROXY_NODE_FLAGS, 'dist/proxy.mjs', ...PROXY_FILES],
};

/** @throws Error for an image that is not the project's */
export function entryPoint(entryPoints: EntryPoints, image = ''): readonly string[] {
  const name = image.replace(/(@.*|:[^/:]*)$/, '');
  const found = Object.hasOwn(entryPoints, name) ? entryPoints[name] : undefined;
  if (found) return found;
  throw new Error(`image "${image}" has no known entry point: give the container a command`);
}
