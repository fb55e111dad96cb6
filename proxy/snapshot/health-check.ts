/** The wire contract, health: how endpoints are checked. Durations are in milliseconds. */

export interface HealthCheck {
  readonly active?: ActiveCheck;
  readonly passive: PassiveCheck;
  /** Percentage of healthy endpoints below which all are used (panic mode); absent: off. */
  readonly panicThreshold?: number;
}

export interface ActiveCheckTiming {
  /** Between the starts of two probes of one endpoint, before jitter. */
  readonly interval: number;
  /** ≤ interval. */
  readonly timeout: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
  /** Instead of the endpoint's port. */
  readonly port?: number;
}

export interface HttpCheck extends ActiveCheckTiming {
  readonly type: 'HTTP';
  /** Starts with `/`. */
  readonly path: string;
  readonly method: string;
  /** Host header; absent: address and port. */
  readonly hostname?: string;
  /** Inclusive ranges of status codes. */
  readonly expectedStatuses: readonly { readonly from: number; readonly to: number }[];
  /** Regular expression (RE2 syntax) searched in the first 64 KiB of the body. */
  readonly expectedBody?: string;
}

export interface TcpCheck extends ActiveCheckTiming {
  readonly type: 'TCP';
}

/** grpc.health.v1.Health/Check over HTTP/2 with prior knowledge. */
export interface GrpcCheck extends ActiveCheckTiming {
  readonly type: 'GRPC';
  /** Absent: the server as a whole. */
  readonly service?: string;
  /** `:authority`; absent: address and port. */
  readonly hostname?: string;
}

export type ActiveCheck = HttpCheck | TcpCheck | GrpcCheck;

export interface PassiveCheck {
  readonly consecutiveConnectFailures: number;
  /** Consecutive failures of any kind; absent: off. */
  readonly consecutive5xx?: number;
  /** Absent: off. */
  readonly failurePercent?: FailurePercent;
  /** Doubles with every further ejection, up to 5 minutes. */
  readonly baseEjectionTime: number;
  /** 0-100; see health/outlier-detection.ts. */
  readonly maxEjectionPercent: number;
}

/** Share of failures among the requests within the last `window` ms, if there are at least `minRequests`. */
export interface FailurePercent {
  readonly threshold: number;
  readonly minRequests: number;
  readonly window: number;
}
