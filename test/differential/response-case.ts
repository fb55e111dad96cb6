/** A case from backend to client. The backend ends its connection after its answer, so that no proxy waits for more. */
import type { Answer } from './recording-backend.ts';

export interface DifferentialResponse extends Answer {
  readonly what: string;
  /** A GET that ends its connection, unless given. */
  readonly request?: string;
}
