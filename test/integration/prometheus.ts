/** A real Prometheus that scrapes operator and gateways as a PodMonitor of the chart configures it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closedPort } from '../../proxy/testing.ts';
import { until } from '../local-cluster/cluster.ts';
import { tied } from '../local-cluster/tied.ts';

/** Why a tool of Debian's package prometheus cannot be used here; undefined: it can. */
export function problemWith(tool: 'prometheus' | 'promtool'): string | undefined {
  return spawnSync(tool, ['--version'], { stdio: 'ignore' }).error && `${tool} is not installed (apt-get install prometheus)`;
}

export interface Target {
  /** `HOST:PORT`. */
  readonly address: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  /** The value now. @throws Error with Prometheus' message */
  query(expr: string): Promise<readonly Result[]>;
  stop(): Promise<void>;
}

/** Resolves when every target was scraped. */
export async function startPrometheus(targets: readonly Target[]): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-prometheus-'));
  await writeFile(join(folder, 'prometheus.json'), JSON.stringify(configOf(targets)));
  const address = `127.0.0.1:${await closedPort()}`;
  const [file, ...args] = tied([
    ...['prometheus', `--config.file=${folder}/prometheus.json`, `--storage.tsdb.path=${folder}/data`],
    ...[`--web.listen-address=${address}`, '--log.level=warn'],
  ]);
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  const prometheus: Prometheus = {
    query: (expr) => query(address, expr),
    async stop() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await until('Prometheus has scraped every target', 30_000, async () => {
      if (child.exitCode !== null) throw new Error(`prometheus ended with code ${child.exitCode}; its output is above`);
      const up = await prometheus.query('up == 1').catch(() => []);
      return up.length === targets.length;
    });
  } catch (error) {
    await prometheus.stop();
    throw error;
  }
  return prometheus;
}

/** JSON is YAML. Labels are those that the Prometheus operator gives to the target of a PodMonitor, `endpoint` among them. */
function configOf(targets: readonly Target[]): object {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [
      {
        job_name: 'outrigger-system/outrigger',
        honor_labels: true,
        static_configs: targets.map(({ address, ...labels }) => ({
          targets: [address],
          labels: { ...labels, endpoint: 'observe' },
        })),
      },
    ],
  };
}

interface Answer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly { readonly metric: Result['metric']; readonly value: readonly [number, string] }[];
  };
}

async function query(address: string, expr: string): Promise<readonly Result[]> {
  const response = await fetch(`http://${address}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query: expr }) });
  const { error, data } = (await response.json()) as Answer;
  if (data === undefined) throw new Error(error ?? `Prometheus answered ${response.status}`);
  if (data.resultType !== 'vector') throw new Error(`this gives a ${data.resultType}, not a vector`);
  return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}
