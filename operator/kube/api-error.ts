/** An answer other than 2xx. */
export class ApiError extends Error {
  readonly code: number;
  /** Of the Status object: `NotFound`, `Conflict`, `Expired`, … */
  readonly reason: string;
  /** The reasons of its causes: `NamespaceTerminating`, … */
  readonly causes: readonly string[];

  constructor(code: number, reason: string, message: string, causes: readonly string[] = []) {
    super(`${code}${reason && ` ${reason}`}: ${message}`);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.causes = causes;
  }
}

/** Whether the API server answered with this status. */
export const isStatus = (error: unknown, code: number): boolean => error instanceof ApiError && error.code === code;

/** Whether the API server refused to create an object since its namespace is being deleted. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof ApiError && error.code === 403 && error.causes.includes('NamespaceTerminating');

/** Reads a Status object; undefined for other values. `code` is used where the object has none. */
export function statusError(code: number, value: unknown): ApiError | undefined {
  const status = (value ?? {}) as { code?: unknown; reason?: unknown; message?: unknown; details?: { causes?: unknown } | null };
  if (typeof status.message !== 'string') return undefined;
  const reason = typeof status.reason === 'string' ? status.reason : '';
  return new ApiError(
    typeof status.code === 'number' ? status.code : code,
    reason,
    status.message,
    causesOf(status.details?.causes),
  );
}

function causesOf(causes: unknown): readonly string[] {
  const reasons = Array.isArray(causes) ? causes.map((cause: { reason?: unknown } | null) => cause?.reason) : [];
  return reasons.filter((reason) => typeof reason === 'string');
}
