import { existsSync } from 'node:fs';

/** Part of util-linux, present on every Debian; without it everything works, but a killed parent leaves its children running. */
const SETPRIV = '/usr/bin/setpriv';

/** A command line whose process the kernel kills when its parent has ended, for whatever reason. */
export function tied(argv: readonly string[]): readonly [file: string, ...args: string[]] {
  const [file = '', ...args] = argv;
  return existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', '--', file, ...args] : [file, ...args];
}
