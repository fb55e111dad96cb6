/** The import rules of the project, enforced: which folder may know which. Types count as much as values. */

/** Tests, and what only they use: `testing.ts`, `test-….ts`. */
const TESTS = '(\\.test|/testing|/test-[a-z-]+)\\.ts$';
const PURE =
  '^(proxy/(balance|resilience|route|message|http1)/|proxy/health/(health-state|outlier-detection|outlier-state|failure-window|probe-schedule|grpc-message|describe-check)\\.ts$|operator/translate/|operator/util/get-or-insert\\.ts$)';
const IO =
  '^(node:)?(fs|net|http|https|http2|dgram|dns|tls|child_process|worker_threads|timers|perf_hooks|os|process|cluster)(/|$)';
/** Folders of operator/ that each do one job. */
const FEATURES = 'watch|translate|push|status|service|inject|leader|signing-keys|observe';

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    forbid('no-cycles', 'Stages never reach back.', {}, { circular: true }),
    forbid('resolvable', 'An import must lead somewhere.', {}, { couldNotResolve: true }),
    forbid('proxy-knows-no-operator', 'The data plane stands alone.', { path: '^proxy/' }, { path: '^operator/' }),
    forbid(
      'operator-knows-only-the-wire',
      'Of proxy/, the operator may import the wire contract only.',
      { path: '^operator/', pathNot: TESTS },
      { path: '^proxy/', pathNot: '^proxy/snapshot/' },
    ),
    forbid(
      'operator-features-share-through-util',
      "Features of the operator are connected in wiring.ts and share tools through util/. Types are free. Listed: the watch machinery, which every feature with its own watch uses, and the log levels, which are also valid in the sidecar's file.",
      { path: `^operator/(${FEATURES})/`, pathNot: TESTS },
      {
        path: `^operator/(${FEATURES})/`,
        pathNot: ['^operator/$1/', '^operator/watch/(reflector|relister|object-cache)\\.ts$', '^operator/observe/log\\.ts$'],
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid(
      'operator-tools-know-no-feature',
      'api/, kube/ and util/ are below the features of the operator.',
      { path: '^operator/(api|kube|util)/', pathNot: TESTS },
      { path: '^operator/', pathNot: '^operator/(api|kube|util)/' },
    ),
    forbid(
      'proxy-stays-small',
      'Each of these costs memory in every proxy: verify with node:crypto, probe with node:http, read JSON.',
      { path: '^proxy/', pathNot: TESTS },
      { path: 'node_modules/(@kubernetes/client-node|jose|undici|yaml)/' },
    ),
    forbid(
      'pure-is-pure',
      'Pure folders take values in and give values back.',
      { path: PURE, pathNot: TESTS },
      { dependencyTypes: ['core'], path: IO },
    ),
    forbid(
      'pure-knows-pure',
      'What pure code imports is pure, or a type, or the wire contract.',
      { path: PURE, pathNot: TESTS },
      { path: '^(proxy|operator)/', pathNot: [PURE, '^proxy/snapshot/', '^operator/api/'], dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'message-is-neutral',
      'The seam knows no protocol and no engine: only the wire contract.',
      { path: '^proxy/message/', pathNot: TESTS },
      { path: '^proxy/', pathNot: '^proxy/(message|snapshot)/' },
    ),
    forbid(
      'sides-meet-in-message',
      'The two sides of a request know the seam in message/, never each other; what both need of HTTP/1 and sockets is in http1/ and socket/.',
      { path: '^proxy/(downstream|upstream)/', pathNot: TESTS },
      { path: '^proxy/', pathNot: '^proxy/($1|message|http1|socket|snapshot)/' },
    ),
    forbid(
      'codec-and-socket-know-the-seam',
      'The HTTP/1 rules and the socket helpers serve both sides, and import neither.',
      { path: '^proxy/(http1|socket)/', pathNot: TESTS },
      { path: '^proxy/', pathNot: '^proxy/($1|message|snapshot)/' },
    ),
    forbid(
      'protocols-apart',
      'A protocol of one side is a folder that no other protocol imports.',
      { path: '^proxy/(downstream|upstream)/([^/]+)/', pathNot: TESTS },
      { path: '^proxy/$1/[^/]+/', pathNot: '^proxy/$1/$2/' },
    ),
    forbid(
      'engines-are-chosen-at-the-top',
      'Only the composition of the data plane names a protocol.',
      { path: '^proxy/', pathNot: ['^proxy/(downstream|upstream)/', '^proxy/data-plane\\.ts$', TESTS] },
      { path: '^proxy/(downstream|upstream)/[^/]+/' },
    ),
    forbid(
      'metrics-below-observe',
      'Recording is below its users; rendering, in observe/, is above them.',
      { path: '^proxy/metrics/', pathNot: TESTS },
      { path: '^proxy/observe/' },
    ),
    forbid(
      'product-knows-no-tests',
      'What ships imports neither tests nor tools.',
      { path: '^(proxy|operator)/', pathNot: TESTS },
      { path: `^(test|scripts)/|${TESTS}` },
    ),
    forbid(
      'product-needs-no-dev-dependency',
      'What ships may use only what "dependencies" lists.',
      { path: '^(proxy|operator)/', pathNot: TESTS },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
