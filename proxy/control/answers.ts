/** The bodies of 200 answers, within the bounds of the wire. */
import { MAX_POOLS } from '../snapshot/limits.ts';
import type { PushAnswer, StatusAnswer, UnhealthyEndpoint } from '../snapshot/types.ts';
import type { DataPlane } from './data-plane.ts';
import type { AppliedSnapshot, SnapshotState } from './snapshot-state.ts';

/** Most unhealthy endpoints in one status answer; further ones are left out. */
const MAX_UNHEALTHY = 10_000;
/** Characters of a check and of its evidence: a path may have 4,096, and a backend chooses its gRPC status. */
const MAX_EVIDENCE = 256;

/** @param pod UID of this proxy's Pod */
export function pushAnswer(pod: string, applied: AppliedSnapshot, dataPlane: DataPlane): PushAnswer {
  return { pod, applied: versionOf(applied), ...policiesOf(dataPlane) };
}

/** @param pod UID of this proxy's Pod */
export function statusAnswer(pod: string, state: SnapshotState, dataPlane: DataPlane): StatusAnswer {
  const { applied, fence, trustedKeys } = state;
  const unhealthy = dataPlane.unhealthy().slice(0, MAX_UNHEALTHY).map(shorten);
  return { pod, ...(applied && { applied: versionOf(applied) }), fence, trustedKeys, unhealthy, ...policiesOf(dataPlane) };
}

function policiesOf(dataPlane: DataPlane): Pick<PushAnswer, 'rejected' | 'degraded'> {
  return { rejected: dataPlane.rejected().slice(0, MAX_POOLS), degraded: dataPlane.degraded().slice(0, MAX_POOLS) };
}

function versionOf({ epoch, sequence, digest }: AppliedSnapshot): PushAnswer['applied'] {
  return { epoch, sequence, digest };
}

function shorten(u: UnhealthyEndpoint): UnhealthyEndpoint {
  const detail = cut(u.detail);
  return u.check === undefined ? { ...u, detail } : { ...u, detail, check: cut(u.check) };
}

function cut(text: string): string {
  return text.length > MAX_EVIDENCE ? `${text.slice(0, MAX_EVIDENCE - 1)}…` : text;
}
