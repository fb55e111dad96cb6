/**
 * prom-client's parts have no types of their own. They are imported one by one, because its index also loads the Pushgateway,
 * cluster support and OpenTelemetry: about a megabyte of unused memory in every proxy.
 */
declare module 'prom-client/lib/counter.js' {
  import { Counter } from 'prom-client';
  export default Counter;
}
declare module 'prom-client/lib/gauge.js' {
  import { Gauge } from 'prom-client';
  export default Gauge;
}
declare module 'prom-client/lib/registry.js' {
  import { Registry } from 'prom-client';
  export default Registry;
}
