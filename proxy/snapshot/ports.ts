/** The ports of a proxy. Operator and proxy must agree on them; the chart and the resource's schema name them as well. */

/** Where the operator pushes. */
export const CONTROL_PORT = 9900;
/** `/healthz`, `/readyz`, `/metrics` and `/stats`. */
export const OBSERVE_PORT = 9901;

/** Ports below this need a privilege that a gateway does not have. It binds them higher, and its Service maps them. */
const FIRST_UNPRIVILEGED = 1024;
const PRIVILEGED_OFFSET = 10_000;

/** The port that a proxy binds for the listener of this port. */
export function boundPort(port: number): number {
  return port < FIRST_UNPRIVILEGED ? port + PRIVILEGED_OFFSET : port;
}

/** For messages: `port 80 (bound as 10080)`, or `port 8080` where both are the same. */
export function describePort(port: number): string {
  const bound = boundPort(port);
  return bound === port ? `port ${port}` : `port ${port} (bound as ${bound})`;
}

/** The only other listener port that a proxy binds as the same one; undefined where there is none. */
export function collidingPort(port: number): number | undefined {
  const other = port < FIRST_UNPRIVILEGED ? port + PRIVILEGED_OFFSET : port - PRIVILEGED_OFFSET;
  return boundPort(other) === boundPort(port) && other > 0 ? other : undefined;
}
