/** Parses the features of a Dockerfile that this project uses: stages, and their instructions in order. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Instruction {
  readonly name: string;
  readonly arguments: string;
}

export interface Stage {
  readonly name: string;
  /** An image, or an earlier stage. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

export const dockerfile: readonly Stage[] = parse(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));

export function parse(text: string): readonly Stage[] {
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  const lines = text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`not an instruction: ${line}`);
    if (name !== 'FROM') stages.at(-1)?.instructions.push({ name, arguments: rest.replace(/ +/g, ' ') });
    else {
      const [from = '', , stage = ''] = rest.split(' ');
      stages.push({ name: stage, from, instructions: [] });
    }
  }
  return stages;
}

/** Instructions of a stage, after those of its base stages. @throws Error when there is no stage of that name */
export function stageWithBases(name: string): readonly Instruction[] {
  const stage = dockerfile.find((each) => each.name === name);
  if (stage === undefined) throw new Error(`no stage ${name}`);
  const inherited = dockerfile.some((each) => each.name === stage.from) ? stageWithBases(stage.from) : [];
  return [...inherited, ...stage.instructions];
}

/** Arguments of each instruction of this name. */
export function argumentsOf(instructions: readonly Instruction[], name: string): readonly string[] {
  return instructions.filter((each) => each.name === name).map(({ arguments: rest }) => rest);
}
