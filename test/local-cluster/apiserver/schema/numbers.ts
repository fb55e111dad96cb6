/**
 * The numeric keywords, as kube-apiserver checks them (kube-openapi, pkg/validation/validate/values.go: the functions …NativeType). It
 * holds 5 as an int64 and 5.5 as a float64. For an int64 it converts the bound to int64 too, which cuts off its fraction: 0 passes under
 * `minimum: 0.1`. A float64 is compared with the bound as it is written.
 */
import type { Schema } from './types.ts';

/** A quotient counts as whole within this part of itself, as in go-openapi/swag: 9.3 is a multiple of 3.1. */
const TOLERANCE = 1e-9;
const INT64_END = 2 ** 63;

/** Whether the real server holds the number as an int64; beyond that range it becomes a float64. */
export function isInt64(value: number): boolean {
  return Number.isInteger(value) && value >= -INT64_END && value < INT64_END;
}

/** What the number should be, for each keyword that it breaks. A message names the bound that was used. */
export function brokenBounds(value: number, schema: Schema): string[] {
  const native = isInt64(value) ? Math.trunc : (bound: number): number => bound;
  const errors: string[] = [];
  if (schema.multipleOf !== undefined && !isMultiple(value, native(schema.multipleOf))) {
    errors.push(`should be a multiple of ${native(schema.multipleOf)}`);
  }
  if (schema.minimum !== undefined) {
    const minimum = native(schema.minimum);
    const exclusive = schema.exclusiveMinimum === true;
    if (exclusive ? value <= minimum : value < minimum) errors.push(`should be greater than ${orEqual(exclusive)}${minimum}`);
  }
  if (schema.maximum !== undefined) {
    const maximum = native(schema.maximum);
    const exclusive = schema.exclusiveMaximum === true;
    if (exclusive ? value >= maximum : value > maximum) errors.push(`should be less than ${orEqual(exclusive)}${maximum}`);
  }
  return errors;
}

function orEqual(exclusive: boolean): string {
  return exclusive ? '' : 'or equal to ';
}

/** For an int64, a factor below 1 has become 0, of which nothing is a multiple here. */
function isMultiple(value: number, factor: number): boolean {
  if (isInt64(value)) return value % factor === 0;
  const quotient = value / factor;
  const whole = Math.round(quotient);
  return Number.isSafeInteger(whole) && Math.abs(quotient - whole) <= TOLERANCE * Math.abs(whole);
}
