/** Where a proxy runs: signed beside the snapshot, so that proxies in different places share bodies. */
export interface Location {
  /** Empty: not known. */
  readonly zone: string;
  /** Name of the Node. Empty: not known. */
  readonly node: string;
}

export const UNKNOWN_LOCATION: Location = { zone: '', node: '' };

export function isSameLocation(a: Location, b: Location): boolean {
  return a.zone === b.zone && a.node === b.node;
}
