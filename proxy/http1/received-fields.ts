/** The fields of a received head, of which some are chosen: from bytes (wire-fields.ts) or, here, from the list of node:http. PURE. */
import { ListFields } from '../message/fields.ts';
import type { Fields } from '../message/fields.ts';

/** Fields are identified by their position. */
export interface ReceivedFields extends Fields {
  readonly count: number;
  nameLength(field: number): number;
  /** Whether the name is `lower`, in letters of either case; its length must be the same. */
  isNamed(field: number, lower: string): boolean;
  /** Likewise, where an underscore may stand for a hyphen. */
  resembles(field: number, lower: string): boolean;
  name(field: number): string;
  value(field: number): string;
  /** The fields for which `kept` holds. */
  filter(kept: (field: number) => boolean): ReceivedFields;
}

/** Fields that node:http has parsed. */
export class RawFields extends ListFields implements ReceivedFields {
  get count(): number {
    return this.list().length / 2;
  }

  nameLength(field: number): number {
    return this.name(field).length;
  }

  isNamed(field: number, lower: string): boolean {
    const name = this.name(field);
    return name === lower || name.toLowerCase() === lower;
  }

  resembles(field: number, lower: string): boolean {
    return this.isNamed(field, lower) || this.name(field).toLowerCase().replaceAll('_', '-') === lower;
  }

  name(field: number): string {
    return this.list()[field * 2] as string;
  }

  value(field: number): string {
    return this.list()[field * 2 + 1] as string;
  }

  filter(kept: (field: number) => boolean): RawFields {
    const list = this.list();
    const rest: string[] = [];
    for (let i = 0; i + 1 < list.length; i += 2) if (kept(i / 2)) rest.push(list[i] as string, list[i + 1] as string);
    return new RawFields(rest);
  }
}
