/**
 * Which engines the proxies run that tests, benchmarks and `npm run chaos` start, where a test does not name its own: those of the
 * environment, or the proxy's defaults. `OUTRIGGER_TEST_DOWNSTREAM_ENGINE=http1 npm run integration` runs the suite with that one.
 */
import { DOWNSTREAM_ENGINES, UPSTREAM_ENGINES } from '../../proxy/config.ts';

interface Side {
  readonly flag: '--downstream-engine' | '--upstream-engine';
  readonly names: readonly string[];
  readonly variable: string;
}

const SIDES: readonly Side[] = [
  { flag: '--downstream-engine', names: DOWNSTREAM_ENGINES, variable: 'OUTRIGGER_TEST_DOWNSTREAM_ENGINE' },
  { flag: '--upstream-engine', names: UPSTREAM_ENGINES, variable: 'OUTRIGGER_TEST_UPSTREAM_ENGINE' },
];

/** Flags of a proxy that name its engines; none for those that the environment does not set. */
export function engineArgs(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  return SIDES.flatMap(({ flag, names, variable }) => {
    const name = env[variable];
    if (name === undefined || name === '') return [];
    if (!names.includes(name)) throw new Error(`${variable} must be one of ${names.join(', ')}, not ${name}`);
    return [flag, name];
  });
}

/** The variables for engines of these names, for proxies that this process and its children start. */
export function engineVariables(names: {
  readonly downstream: string | undefined;
  readonly upstream: string | undefined;
}): Readonly<Record<string, string>> {
  const chosen = [names.downstream, names.upstream];
  const variables = SIDES.flatMap(({ variable }, i) => (chosen[i] === undefined ? [] : [[variable, chosen[i]] as const]));
  return Object.fromEntries(variables);
}
