/** Reads the Dockerfile as far as this project writes one: stages, and their instructions in order. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Instruction {
  readonly name: string;
  readonly arguments: string;
}

export interface Stage {
  readonly name: string;
  /** An image, or a stage before this one. */
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
    if (name === '') throw new Error(`no instruction: ${line}`);
    if (name !== 'FROM') stages.at(-1)?.instructions.push({ name, arguments: rest.replace(/ +/g, ' ') });
    else {
      const [from = '', , stage = ''] = rest.split(' ');
      stages.push({ name: stage, from, instructions: [] });
    }
  }
  return stages;
}

/** A stage, and what it inherits, its bases first. @throws Error when there is none of that name */
export function stageWithBases(name: string): readonly Instruction[] {
  const stage = dockerfile.find((each) => each.name === name);
  if (stage === undefined) throw new Error(`no stage ${name}`);
  const inherited = dockerfile.some((each) => each.name === stage.from) ? stageWithBases(stage.from) : [];
  return [...inherited, ...stage.instructions];
}

/** What follows each instruction of this name. */
export function argumentsOf(instructions: readonly Instruction[], name: string): readonly string[] {
  return instructions.filter((each) => each.name === name).map(({ arguments: rest }) => rest);
}
