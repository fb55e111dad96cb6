/** Entry point of the operator and its commands: configuration in, signals and exit codes out. */
import type { Logger } from 'pino';
import { HELP, readConfig, type Config } from './config.ts';
import { createLog } from './observe/log.ts';
import { startOperator } from './operator.ts';
import { PREPARE_UNINSTALL, readUninstallConfig, UNINSTALL_HELP } from './uninstall/config.ts';
import { prepareUninstall } from './uninstall/prepare-uninstall.ts';
import type { Errors } from './util/json-fields.ts';

/** Milliseconds from a signal to the end of the process, whatever is still running. */
const STOP_WITHIN = 4500;

const [first, ...rest] = process.argv.slice(2);
if (first === PREPARE_UNINSTALL) {
  const config = readUninstallConfig(rest, process.env);
  if (isRunnable(config, UNINSTALL_HELP)) {
    process.exitCode = await prepareUninstall(config, createLog(config.logLevel, config.podName), untilStopped());
  }
} else {
  const config = readConfig(process.argv.slice(2), process.env);
  if (isRunnable(config, HELP)) await run(config, createLog(config.logLevel, config.podName));
}

/** Prints the help or the errors, where it is either. */
function isRunnable<T extends object>(config: T | 'help' | Errors, help: string): config is T {
  if (config === 'help') process.stdout.write(help);
  else if ('errors' in config) {
    process.stderr.write(`${config.errors.join('\n')}\nsee --help\n`);
    process.exitCode = 2;
  } else return true;
  return false;
}

/** Aborted by the first signal. The first process of a container ends by none unless it listens. */
function untilStopped(): AbortSignal {
  const stopped = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stopped.abort(new Error(`stopped by ${signal}`)));
  return stopped.signal;
}

async function run(c: Config, log: Logger): Promise<void> {
  const die = (error: unknown): void => {
    log.fatal({ err: error }, 'unexpected error: the operator exits');
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  const operator = await startOperator(c, log);
  log.info({ namespace: c.namespace, observe: operator.observePort }, 'operator is up');
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(0), STOP_WITHIN).unref();
    await operator.stop();
    log.info('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop(signal));
}
