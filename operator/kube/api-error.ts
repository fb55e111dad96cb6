/** An answer other than 2xx. `reason` is that of the Status object: `NotFound`, `Conflict`, `Expired`, … */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(`${code}${reason && ` ${reason}`}: ${message}`);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
  }
}

/** Whether the API server answered with this status. */
export const isStatus = (error: unknown, code: number): boolean => error instanceof ApiError && error.code === code;

/** Reads a Status object; undefined for other values. `code` is used where the object has none. */
export function statusError(code: number, value: unknown): ApiError | undefined {
  const status = (value ?? {}) as { code?: unknown; reason?: unknown; message?: unknown };
  if (typeof status.message !== 'string') return undefined;
  const reason = typeof status.reason === 'string' ? status.reason : '';
  return new ApiError(typeof status.code === 'number' ? status.code : code, reason, status.message);
}
