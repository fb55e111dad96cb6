import tseslint from 'typescript-eslint';

const CLOCK =
  'Pure code takes `now` and `random` as arguments: the same inputs give the same result, in tests and in bug reports.';
const PURE = [
  'proxy/balance/**/*.ts',
  'proxy/resilience/**/*.ts',
  'proxy/route/**/*.ts',
  'proxy/http1/**/*.ts',
  'proxy/message/**/*.ts',
  'proxy/health/health-state.ts',
  'proxy/health/{outlier-detection,outlier-state,failure-window,probe-schedule,grpc-message,describe-check}.ts',
  'operator/translate/**/*.ts',
  'operator/util/get-or-insert.ts',
];

/** Tests, and what only they use. */
const TESTS = ['**/*.test.ts', '**/testing.ts', '**/test-*.ts'];

export default tseslint.config(
  { ignores: ['dist/', '.outrigger/', '**/*.gen.ts'] },
  // Rules are the same for everybody, everywhere: no comment switches one off.
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-var': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-type-arguments': 'error',
      // What must be named to be left out begins with an underscore.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // An implementation of an asynchronous interface need not itself wait.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // The runner waits for its tests by itself.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite', 'before', 'after'] },
          ],
        },
      ],
    },
  },
  {
    files: ['operator/**/*.ts', 'proxy/**/*.ts'],
    ignores: TESTS,
    rules: { 'max-lines': ['error', 260], 'no-console': 'error' },
  },
  {
    files: PURE,
    ignores: TESTS,
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance', 'process', 'crypto'].map((name) => ({
          name,
          message: CLOCK,
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: CLOCK },
        { object: 'Math', property: 'random', message: CLOCK },
      ],
      'no-restricted-syntax': ['error', { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: CLOCK }],
    },
  },
);
