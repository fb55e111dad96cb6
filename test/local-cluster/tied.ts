import { existsSync } from 'node:fs';

/** Part of util-linux, present on every Debian; without it everything works, but a killed parent leaves its children behind. */
const SETPRIV = '/usr/bin/setpriv';

/** A command line whose process the kernel kills when the process that started it is gone, however that one ended. */
export function tied(argv: readonly string[]): readonly [file: string, ...args: string[]] {
  const [file = '', ...args] = argv;
  return existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', '--', file, ...args] : [file, ...args];
}
