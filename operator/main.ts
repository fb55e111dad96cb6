/** Entry point of the operator: configuration in, signals and exit codes out. */
import type { Logger } from 'pino';
import { HELP, readConfig, type Config } from './config.ts';
import { createLog } from './observe/log.ts';
import { startOperator } from './operator.ts';

/** Milliseconds from a signal to the end of the process, whatever is still running. */
const STOP_WITHIN = 4500;

const config = readConfig(process.argv.slice(2), process.env);
if (config === 'help') process.stdout.write(HELP);
else if ('errors' in config) {
  process.stderr.write(`${config.errors.join('\n')}\nsee --help\n`);
  process.exitCode = 2;
} else await run(config, createLog(config.logLevel, config.podName));

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
