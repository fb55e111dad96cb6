/** For tests: the Lease as an API server keeps it. */
import type { Call, KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/api-error.ts';
import type { Sink } from '../watch/reflector.ts';
import type { Lease } from './lease.ts';
import type { LeaseWatch } from './lease-watch.ts';

/** Creates the Lease, replaces it under a precondition, and notifies watches. */
export function leaseServer() {
  const sinks = new Set<Sink<Lease>>();
  const state = {
    lease: undefined as Lease | undefined,
    version: 0,
    down: false,
    silent: false,
    /** Writes cause no events: every watch is broken, undetected. */
    dropEvents: false,
    writes: 0,
  };
  const notify = (event: (sink: Sink<Lease>) => void): void => {
    if (!state.dropEvents) setImmediate(() => sinks.forEach(event));
  };
  const store = (lease: Lease): Lease => {
    state.version += 1;
    state.writes += 1;
    const uid = state.lease?.metadata.uid ?? `uid-${state.version}`;
    const stored = { ...lease, metadata: { ...lease.metadata, uid, resourceVersion: String(state.version) } };
    notify((sink) => sink.onUpsert(stored));
    return (state.lease = stored);
  };
  const remove = (): void => {
    const { lease } = state;
    state.lease = undefined;
    if (lease !== undefined) notify((sink) => sink.onDelete(lease));
  };
  const call = async ({ method = 'GET', body, signal }: Call): Promise<unknown> => {
    await new Promise((resolve) => setImmediate(resolve));
    if (state.silent) await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    if (state.down) throw new Error('connection refused');
    if (method === 'POST' && state.lease !== undefined) throw new ApiError(409, 'AlreadyExists', 'exists');
    if (method === 'POST') return store(body as Lease);
    if (state.lease === undefined) throw new ApiError(404, 'NotFound', 'no lease');
    if (method === 'GET') return state.lease;
    const stale = (body as Lease).metadata.resourceVersion !== state.lease.metadata.resourceVersion;
    if (stale) throw new ApiError(409, 'Conflict', 'modified');
    return store(body as Lease);
  };
  const watch: LeaseWatch = async (sink, signal) => {
    sinks.add(sink);
    notify(() => sink.onReplace(state.lease === undefined ? [] : [state.lease]));
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    sinks.delete(sink);
  };
  return { state, store, remove, watch, client: { call: call as KubeClient['call'] } };
}
