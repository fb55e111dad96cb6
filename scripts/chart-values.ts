/** The values of the chart as a table for its README: keys and descriptions from values.schema.json, defaults from values.yaml. */

export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

type Values = Readonly<Record<string, unknown>>;

export interface Value {
  readonly key: string;
  readonly schema: Schema;
  /** Undefined where values.yaml does not have it. */
  readonly default: unknown;
}

/** Every value that is not a group of values, in the order of the schema, with each `$ref` resolved. */
export function flatten(root: Schema, values: Values): readonly Value[] {
  const walk = (schema: Schema, present: unknown, path: readonly string[]): readonly Value[] => {
    const { $ref = '', ...own } = schema;
    const whole = { ...root.definitions?.[$ref.replace('#/definitions/', '')], ...own };
    if (whole.properties === undefined || $ref !== '') return [{ key: path.join('.'), schema: whole, default: present }];
    return Object.entries(whole.properties).flatMap(([key, value]) =>
      walk(value, (present as Values | undefined)?.[key], [...path, key]),
    );
  };
  return walk(root, values, []);
}

/** The table as Markdown; without `global`, which nothing reads. */
export function valuesTable(root: Schema, values: Values): string {
  const rows = flatten(root, values)
    .filter(({ key }) => key !== 'global')
    .map(({ key, schema, default: value }) => `| \`${key}\` | ${code(value)} | ${meaning(schema)} |`);
  return ['| value | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

function code(value: unknown): string {
  return value === '' ? '' : `\`${JSON.stringify(value)}\``;
}

function meaning({ description = '', enum: choices, minimum, maximum }: Schema): string {
  const bounds =
    choices !== undefined
      ? ` ${listed(choices)}.`
      : minimum !== undefined && maximum !== undefined
        ? ` ${minimum} to ${maximum}.`
        : '';
  return (description + bounds).replaceAll('|', '\\|');
}

/** Without the empty one, which the description explains. */
function listed(choices: readonly string[]): string {
  return choices.flatMap((choice) => (choice === '' ? [] : [`\`${choice}\``])).join(', ');
}
