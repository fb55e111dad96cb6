import type { EjectionReason } from '../health/outlier-state.ts';
import type { EndpointState } from './endpoint-state.ts';

/** Health changes that are logged. */
export interface HealthLog {
  /** The active check of an endpoint turned: from healthy to unhealthy, or back. Called once per turn. */
  checked(pool: string, e: EndpointState, healthy: boolean, evidence: string): void;
  ejected(pool: string, e: EndpointState, reason: EjectionReason, evidence: string): void;
  /** An ejected endpoint was readmitted. */
  returned(pool: string, e: EndpointState, how: string): void;
  /** Panic mode, in which endpoints are used whatever their health, began or ended for a pool. */
  panic(pool: string, on: boolean, healthy: number, of: number): void;
}
