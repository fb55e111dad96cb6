/**
 * `npm run build`: the bundles that are shipped, dist/operator.mjs and dist/proxy.mjs, which need no node_modules.
 * Prints the sizes, and fails when the proxy's bundle is larger than 1 MB or contains a forbidden library.
 */
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** Bytes. Every library in the proxy costs memory in each of its many processes. */
const PROXY_LIMIT = 1_000_000;
const NEVER_IN_PROXY = ['@kubernetes/client-node', 'jose', 'undici', 'yaml'];

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minify: true,
  sourcemap: 'external', // a separate file that the bundle does not refer to: Node would load it into memory
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // CommonJS libraries inside call require() for Node's own modules.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
} satisfies BuildOptions;

/**
 * Leaves out built-in modules that are not used, about 13 MB a process:
 * - an ESM import of node:http evaluates every export, among them WebSocket, which loads undici and http2; require() evaluates only those used;
 * - http-proxy-3 loads https, http2 and tls for its own server and for https targets. Only its imports are left out.
 */
const LEAN: Plugin = {
  name: 'lean',
  setup(bundle) {
    bundle.onResolve({ filter: /^(?:node:)?http$/ }, ({ namespace }) =>
      namespace === 'required' ? { path: 'node:http', external: true } : { path: 'node:http', namespace: 'required' },
    );
    bundle.onLoad({ filter: /.*/, namespace: 'required' }, () => ({ contents: "module.exports = require('node:http');" }));
    bundle.onResolve({ filter: /^(?:node:)?(?:https|http2|tls)$/ }, ({ path, importer }) =>
      /node_modules\/(?:http-proxy-3|follow-redirects)\//.test(importer) ? { path, namespace: 'left-out' } : undefined,
    );
    bundle.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
  },
};

async function bundle(
  name: string,
  { keepNames = false, plugins = [] as Plugin[] } = {},
): Promise<{ bytes: number; metafile: Metafile }> {
  const outfile = `dist/${name}.mjs`;
  const { metafile } = await build({ ...OPTIONS, entryPoints: [`${name}/main.ts`], outfile, keepNames, plugins });
  const bytes = metafile.outputs[outfile]?.bytes ?? 0;
  console.log(`${outfile}  ${(bytes / 1000).toFixed(0)} kB`);
  return { bytes, metafile };
}

await bundle('operator');
// http-proxy-3 finds its passes by function name.
const { bytes, metafile } = await bundle('proxy', { keepNames: true, plugins: [LEAN] });

const inputs = Object.keys(metafile.inputs);
const unwanted = NEVER_IN_PROXY.filter((name) => inputs.some((input) => input.includes(`node_modules/${name}/`)));
if (inputs.some((input) => input.startsWith('operator/'))) unwanted.push('operator/');
if (unwanted.length > 0) throw new Error(`the proxy's bundle must not contain ${unwanted.join(', ')}`);
if (bytes > PROXY_LIMIT) throw new Error(`the proxy's bundle has ${bytes} bytes, more than ${PROXY_LIMIT}`);
