/** Reads the dashboards and alerts of the chart. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const CHART = join(import.meta.dirname, '../../charts/outrigger');
export const RULES = join(CHART, 'alerts/outrigger.yaml');

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly datasource: { readonly uid: string } }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string }; readonly overrides: readonly object[] };
  readonly options?: { readonly yAxis?: { readonly unit?: string } };
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly definition?: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly schemaVersion: number;
  readonly links: readonly { readonly type: string; readonly tags: readonly string[]; readonly includeVars: boolean }[];
  readonly templating: {
    readonly list: readonly Variable[];
  };
  readonly panels: readonly Panel[];
}

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** File name → dashboard. */
export function readDashboards(): ReadonlyMap<string, Dashboard> {
  const folder = join(CHART, 'dashboards');
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return new Map(files.map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard]));
}

export function readAlerts(): readonly Alert[] {
  const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: readonly { rules: readonly Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** Panels that show data: all except the titles of sections. */
export const dataPanels = ({ panels }: Dashboard): readonly Panel[] => panels.filter(({ type }) => type !== 'row');

/** The expression without its last comparison: the value that the alert compares with its threshold. */
export function withoutThreshold({ expr }: Alert): string {
  const found = /^(.*\S)\s*(?:[<>]=?|[!=]=)\s*[\d.]+\s*$/s.exec(expr);
  if (found?.[1] === undefined) throw new Error(`the expression does not end with a comparison: ${expr}`);
  return found[1];
}
