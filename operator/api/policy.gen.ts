// Generated from crds/loadbalancerpolicies.yaml by scripts/generate-types.ts: edit that, then run the script.
// Fields with a default are optional all the same: an object stored before the default existed lacks it (see defaults.ts).
import type { ObjectMeta } from './kubernetes.ts';

/**
 * LoadBalancerPolicy defines on which port Outrigger's proxies listen, over which Services they balance, and how: the strategy, health checks, retries and timeouts.
 */
export interface LoadBalancerPolicy {
  /**
   * Version of the schema of this object, outrigger.dev/v1alpha1.
   */
  apiVersion?: string;
  /**
   * Kind of this object, LoadBalancerPolicy.
   */
  kind?: string;
  metadata: ObjectMeta;
  spec: PolicySpec;
  status?: PolicyStatus;
}
/**
 * The desired behaviour of the proxies.
 */
export interface PolicySpec {
  proxies?: ProxySelection;
  listener?: ListenerSpec;
  /**
   * Which requests on the listener the policy matches: those that at least one entry matches. Absent or empty: all. Where several policies match a request, the most specific match wins, with the precedence of Gateway API's HTTPRoute.
   */
  matches?: MatchSpec[];
  /**
   * Services that the traffic goes to, each with its share. While a Service or port does not exist or may not be used, or none of its endpoints can be used, its share goes to the others; if there is no other, the response is 503. Required, except with requestRedirect.
   */
  backendRefs?: BackendRef[];
  loadBalancer?: LoadBalancerSpec;
  healthCheck?: HealthCheckSpec;
  retry?: RetrySpec;
  timeouts?: TimeoutsSpec;
  requestHeaderModifier?: RequestHeaderModifierSpec;
  responseHeaderModifier?: ResponseHeaderModifierSpec;
  urlRewrite?: UrlRewriteSpec;
  requestRedirect?: RequestRedirectSpec;
  circuitBreaker?: CircuitBreakerSpec;
  fallback?: FallbackSpec;
  sessionPersistence?: SessionPersistenceSpec;
  accessLog?: AccessLogSpec;
}
/**
 * Which proxies run the policy. Default: all gateways.
 */
export interface ProxySelection {
  /**
   * `Gateway` (default): the gateway Pods in the operator's namespace. `Sidecar`: the proxies beside applications, in Pods of the policy's own namespace that have the label `outrigger.dev/inject: "true"`; the application calls `localhost` and the listener's port.
   */
  type?: 'Gateway' | 'Sidecar';
  selector?: LabelSelector;
}
/**
 * Labels that a proxy Pod must have. Empty or absent: all of them.
 */
export interface LabelSelector {
  /**
   * Labels and the exact values they must have.
   */
  matchLabels?: {
    /**
     * Value of the label.
     */
    [k: string]: string;
  };
  /**
   * Requirements that must all hold, in addition to matchLabels.
   */
  matchExpressions?: LabelRequirement[];
}
/**
 * One requirement on one label.
 */
export interface LabelRequirement {
  /**
   * Name of the label.
   */
  key: string;
  /**
   * `In` and `NotIn` compare with `values`; `Exists` and `DoesNotExist` ask only for the label's presence.
   */
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /**
   * Values for `In` and `NotIn`.
   *
   * Items: One value.
   */
  values?: string[];
}
/**
 * Where the proxies accept traffic. A policy without a listener only monitors: its backends are checked and measured, and it serves no traffic.
 */
export interface ListenerSpec {
  /**
   * (number) Port on which clients reach the proxies, 1-65535 except 9900 and 9901, which the proxies use themselves. A gateway binds a port below 1024 as port + 10000, and its Service maps it; a sidecar binds ports from 1024 on, on loopback only. Policies may share a port.
   */
  port: number;
  /**
   * Protocol on the port: `HTTP` (default).
   */
  protocol?: 'HTTP';
  clientAddress?: ClientAddressSpec;
  pathNormalization?: PathNormalizationSpec;
  /**
   * Hosts that the policy matches, in lower case and without port. A leading `*.` matches one or more labels: `*.example.com` matches `a.example.com` and `a.b.example.com`, not `example.com`. Absent or empty: every host.
   *
   * Items: One host name, such as `shop.example.com` or `*.example.com`.
   */
  hostnames?: string[];
}
/**
 * How the client's address is found behind other proxies or load balancers: how far X-Forwarded-For, read from the right, is trusted; `Forwarded` takes its place in requests without X-Forwarded-For, -Proto, -Port and -Host. The address goes into the access log and is what `SourceIP` hashes. Requests from trusted proxies keep X-Forwarded-For, with the address of the proxy in front appended, and X-Forwarded-Proto, -Port and -Host. Redirects have the scheme and port that trusted proxies state; where they state only the scheme, the port in Host counts, else the scheme's default, and X-Forwarded-Port is set to it. Absent: nothing is trusted, the client is the peer of the connection, and these headers are overwritten. All policies on a port must have the same value.
 */
export interface ClientAddressSpec {
  /**
   * Number of proxies in front, 0-32. The client's address is the entry of X-Forwarded-For with this number, counted from the right. Use it only where clients cannot bypass those proxies, since every peer is trusted. 0 is the same as no clientAddress.
   */
  trustedHops?: number;
  /**
   * Address ranges of the proxies in front. The client's address is the first entry of X-Forwarded-For, from the right, that is in none of them. A peer outside of these ranges is a client itself.
   *
   * Items: One range, such as `10.0.0.0/8` or `fd00::/8`; one address is `192.0.2.1/32`.
   */
  trustedCIDRs?: string[];
}
/**
 * How the path of a request is rewritten before it is matched; what is matched is what is forwarded. The query stays as it is, and the access log has the path as it was received. Absent: the defaults of all members. All policies on a port must have the same values, given or by default.
 */
export interface PathNormalizationSpec {
  /**
   * Whether escapes of letters, digits, `-`, `.`, `_` and `~` are decoded, and the digits of the other escapes are written in upper case: `/%61dmin` becomes `/admin`, `/a%c3%a9` becomes `/a%C3%A9`. Default true. Set it to false where clients sign the path as they write it, as for S3.
   */
  decodeUnreserved?: boolean;
  /**
   * Whether several slashes in a row become one: `//admin` becomes `/admin`. Default true. Set it to false where empty elements of paths count, as in `/fetch/https://example.com` or keys of S3.
   */
  mergeSlashes?: boolean;
  /**
   * What happens to an encoded slash (`%2F`). `Keep` (default): it stays, and separates no elements: `/admin%2Fx` is not under `/admin`, although an application may decode it and serve it as `/admin/x`. Where a prefix guards access, use `Reject`. `Reject`: such requests get 400. `Decode`: it becomes a slash, `/admin/x`.
   */
  encodedSlash?: 'Keep' | 'Reject' | 'Decode';
}
/**
 * Conditions that must all hold. An absent one always holds.
 */
export interface MatchSpec {
  path?: PathMatch;
  /**
   * Method of the request. Absent: every method.
   */
  method?:
    'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS' | 'TRACE' | 'PATCH' | 'QUERY' | 'PROPFIND' | 'REPORT' | 'SEARCH';
  /**
   * Headers that the request must have, with these values.
   */
  headers?: HeaderMatch[];
}
/**
 * Condition on the path of the request.
 */
export interface PathMatch {
  /**
   * `PathPrefix` (default) compares whole path elements: `/shop` matches `/shop` and `/shop/cart`, not `/shopping`. `Exact` compares the whole path. `RegularExpression` (RE2 syntax) must match the whole path; exact paths, and prefixes other than `/`, take precedence over it. All of them are case-sensitive.
   */
  type?: 'PathPrefix' | 'Exact' | 'RegularExpression';
  /**
   * The path, which begins with `/` and has no query, or the regular expression. Default `/`.
   */
  value?: string;
}
/**
 * One header.
 */
export interface HeaderMatch {
  /**
   * Name of the header; case-insensitive.
   */
  name: string;
  /**
   * `Exact` (default) compares the whole value. `RegularExpression` (RE2 syntax) must match the whole value. Of a header that is sent more than once, the first value counts.
   */
  type?: 'Exact' | 'RegularExpression';
  /**
   * The value, or the regular expression; case-sensitive.
   */
  value: string;
}
/**
 * One Service port.
 */
export interface BackendRef {
  /**
   * Name of the Service.
   */
  name: string;
  /**
   * Namespace of the Service. Default: the policy's own. With `Sidecar`, any namespace. With `Gateway`, another namespace only where the Service has the annotation `outrigger.dev/shared-with`, which lists the namespaces of policies that may use it, separated by commas, or is `*` for all.
   */
  namespace?: string;
  /**
   * (number) Port of the Service; neither its name nor the target port of its Pods.
   */
  port: number;
  /**
   * Share of the traffic: this weight divided by the sum of all weights. Default 1; 0 sends no traffic.
   */
  weight?: number;
}
/**
 * How an endpoint is chosen within a Service.
 */
export interface LoadBalancerSpec {
  /**
   * `LeastRequest` (default): of two random endpoints, the one with fewer requests in progress. `RoundRobin`: in turn, regardless of weight. `WeightedRoundRobin`: in turn, smoothly by weight. `LeastConnections`: the endpoint with the fewest requests in progress. `PeakEWMA`: of two random endpoints, the one with the lower expected latency, from its response times and its requests in progress. `Random`: at random, by weight. `ConsistentHash`: the endpoint that the hash of the request's key selects. Weights of endpoints come from the Pod annotation outrigger.dev/weight. Each endpoint gets its share by weight, except with `RoundRobin`; the types that use requests in progress give it less while it is slower or busier than the others.
   */
  type?: 'RoundRobin' | 'WeightedRoundRobin' | 'LeastConnections' | 'LeastRequest' | 'PeakEWMA' | 'Random' | 'ConsistentHash';
  consistentHash?: ConsistentHashSpec;
  slowStart?: SlowStartSpec;
  zoneAware?: ZoneAwareSpec;
}
/**
 * How ConsistentHash places keys; only with that type. All proxies place a key alike, and most keys stay where they are when endpoints come and go. Several backendRefs share the keys by their weights. Absent: the defaults of its fields apply, without affinity.
 */
export interface ConsistentHashSpec {
  /**
   * `Maglev` (default): the most even shares; when an endpoint comes or goes, few keys of other endpoints move. `Rendezvous`: no key of another endpoint moves; retries of a key always go to the same second endpoint.
   */
  algorithm?: 'Maglev' | 'Rendezvous';
  /**
   * Size of Maglev's table, in entries; a prime number, at least a hundred times the number of endpoints for even shares. An entry takes 2 bytes of memory in each proxy. Default 65537.
   */
  tableSize?: number;
  hashOn?: HashOnSpec;
  affinity?: AffinitySpec;
}
/**
 * Which part of the request is the key. A request without it, such as one without the header, goes to a random endpoint, by weight.
 */
export interface HashOnSpec {
  /**
   * `SourceIP` (default): the client's address. `Header`, `Cookie`, `QueryParam`: the value of the one that the field of the same name gives. `Path`: the path without query.
   */
  type?: 'SourceIP' | 'Header' | 'Cookie' | 'QueryParam' | 'Path';
  /**
   * For type Header.
   */
  header?: {
    /**
     * Name of the request header; case-insensitive. Its first value counts.
     */
    name: string;
  };
  /**
   * For type Cookie. A client without the cookie gets one with a random value.
   */
  cookie?: {
    /**
     * Name of the cookie; case-sensitive.
     */
    name: string;
    /**
     * How long a client keeps a cookie that a proxy made. Absent or `0s`: until the browser is closed.
     */
    ttl?: string;
  };
  /**
   * For type QueryParam.
   */
  queryParam?: {
    /**
     * Name of the query parameter, decoded; case-sensitive. Its first value counts.
     */
    name: string;
  };
}
/**
 * Remembers which endpoint a key went to, so that a key in use stays there while endpoints come and go, and, when its endpoint drains, for up to timeouts.drain. Each proxy has its own table. Off unless given.
 */
export interface AffinitySpec {
  /**
   * Maximum number of keys; the least recently used one is evicted. Default 65536.
   */
  maxEntries?: number;
  /**
   * Time without use after which a key is forgotten. Default `60s`.
   */
  idleTimeout?: string;
}
/**
 * An endpoint that joins, or becomes healthy again, gets a small share at first, and its full share at the end of the window, so that caches and just-in-time compilers can warm up. Where all endpoints are new, all of them get their full share at once. Off unless given.
 */
export interface SlowStartSpec {
  /**
   * Time until the endpoint has its full weight, 1s-1h.
   */
  window: string;
  /**
   * How the weight rises: its share is (time / window) to the power of 1 / aggression. 1 (default) is linear; a higher value gives more at the beginning.
   */
  aggression?: number;
  /**
   * Minimum share of its weight that an endpoint has, in percent. Default 10.
   */
  minWeightPercent?: number;
}
/**
 * Prefers endpoints in the proxy's own zone. A proxy is in the zone of its Node (label topology.kubernetes.io/zone); zones of endpoints come from EndpointSlices. A proxy whose zone is not known treats all endpoints alike. Not with ConsistentHash. Unless given, proxies follow the Service's trafficDistribution, as kube-proxy does.
 */
export interface ZoneAwareSpec {
  /**
   * A proxy sends requests only to endpoints in its own zone while at least 70% of them (by weight) can be used. With fewer, other zones get the part of the traffic that the zone lacks. The first retry of a request stays in the zone, any further one leaves it.
   */
  preferLocal: {
    /**
     * With fewer usable endpoints than this in its zone, a proxy does not prefer its zone: each endpoint gets its share by weight, whatever its zone. Default 1.
     */
    minEndpoints?: number;
  };
}
/**
 * How proxies find out which endpoints work, in addition to the readiness that Kubernetes reports, which always counts.
 */
export interface HealthCheckSpec {
  active?: ActiveCheckSpec;
  passive?: PassiveCheckSpec;
  /**
   * Percentage of healthy endpoints below which all of them are used, whatever checks and ejection say, since too few could not carry the load. Default 0, which disables this.
   */
  panicThreshold?: number;
}
/**
 * Probes that every proxy sends to every endpoint. Off unless given.
 */
export interface ActiveCheckSpec {
  /**
   * `HTTP`: send a request and check the response. `TCP`: only open a connection. `GRPC`: call the service grpc.health.v1.Health over HTTP/2 without TLS.
   */
  type: 'HTTP' | 'TCP' | 'GRPC';
  /**
   * For HTTP, the path to request, with a query where needed. Default `/`.
   */
  path?: string;
  /**
   * For HTTP, the method. Default `GET`.
   */
  method?: 'GET' | 'HEAD' | 'OPTIONS';
  /**
   * For HTTP, the Host header; for GRPC, the authority. Default is the endpoint's address and port.
   */
  hostname?: string;
  /**
   * For GRPC, the name of the service to check, as in a container's gRPC probe. Absent: the server as a whole.
   */
  service?: string;
  /**
   * For HTTP, the status codes of a healthy endpoint: `"204"` or an inclusive range, `"200-399"`. Default `["200-399"]`.
   *
   * Items: One status code, or two joined by a hyphen.
   */
  expectedStatuses?: string[];
  /**
   * For HTTP, a regular expression (RE2 syntax) that must match somewhere in the first 64 KiB of the response body. Absent: any body.
   */
  expectedBody?: string;
  /**
   * (number) Port to probe. Default: the endpoint's own.
   */
  port?: number;
  /**
   * Time between the starts of two probes of one endpoint, 100ms-1h. Default `3s`.
   */
  interval?: string;
  /**
   * Maximum duration of one probe, at most the interval. Default `1s`.
   */
  timeout?: string;
  /**
   * Failures in a row after which a healthy endpoint gets no traffic. Default 3. One that has never passed this check gets none after its first failure, also where an edit has changed the check.
   */
  unhealthyThreshold?: number;
  /**
   * Successes in a row after which an unhealthy endpoint gets traffic again. Default 2.
   */
  healthyThreshold?: number;
}
/**
 * When failing requests eject an endpoint (outlier detection). After the ejection, one request tests whether the endpoint works again. Absent: only connect failures eject, 3 in a row, for 30s, at most half of the endpoints.
 */
export interface PassiveCheckSpec {
  /**
   * Number of consecutive failures of any kind that eject an endpoint: responses of 500 and above, connect failures, resets, timeouts, malformed and incomplete responses. Default 5; 0 disables this.
   */
  consecutive5xx?: number;
  /**
   * Number of consecutive connect failures that eject an endpoint. Default 3.
   */
  consecutiveConnectFailures?: number;
  failurePercent?: FailurePercentSpec;
  /**
   * Duration of the first ejection, 1ms-5m; each further one lasts twice as long, up to 5m. Default `30s`.
   */
  baseEjectionTime?: string;
  /**
   * Maximum share of the endpoints, in percent, that may be ejected at once. One always may, and the last usable one is never ejected. Default 50.
   */
  maxEjectionPercent?: number;
}
/**
 * Ejects an endpoint when too large a share of its latest requests failed, consecutive or not. The failures are those that consecutive5xx counts. Off unless given.
 */
export interface FailurePercentSpec {
  /**
   * Percentage of failed requests that ejects.
   */
  threshold: number;
  /**
   * Minimum number of requests within the window; with fewer, no endpoint is ejected. Default 20.
   */
  minRequests?: number;
  /**
   * Period over which requests are counted, 100ms-1h. Default `10s`.
   */
  window?: string;
}
/**
 * When a failed request is retried, with at most (attempts + 1) × (sameEndpoint + 1) tries in total. Absent: the defaults of its fields.
 */
export interface RetrySpec {
  /**
   * Number of further endpoints that are tried after the first. Default 2; 0 disables this.
   */
  attempts?: number;
  /**
   * Number of further tries on each endpoint, only after a connect failure or reset and while it is still usable. Default 0.
   */
  sameEndpoint?: number;
  /**
   * Maximum time of one try, from when the connection is open and the request sent until the head of the response. Absent or `0s`: no limit.
   */
  perTryTimeout?: string;
  /**
   * Which failures are retried: `connect-failure`, `reset` (the connection broke before a response), `gateway-error` (502, 503, 504), `timeout` (perTryTimeout was reached) and single status codes from 400 on, in quotes. Default `connect-failure`, `reset`, `gateway-error`.
   *
   * Items: A condition's name, or a status code such as `"429"`.
   */
  retryOn?: string[];
  backOff?: BackOffSpec;
  /**
   * Whether requests whose method is not idempotent, such as POST and PATCH, are retried after something was sent, which may perform them twice. Default false. Idempotent are GET, HEAD, OPTIONS, TRACE, PUT, DELETE, QUERY, PROPFIND, REPORT and SEARCH.
   */
  nonIdempotent?: boolean;
  /**
   * Request bodies up to this size are kept, so that they can be sent again: in bytes, or with Ki or Mi, at most 16Mi. Default `64Ki`.
   */
  bufferLimit?: string;
  budget?: RetryBudgetSpec;
}
/**
 * Delay before another try on the same endpoint, or after all endpoints were tried. Another endpoint is tried at once.
 */
export interface BackOffSpec {
  /**
   * First delay; each further one is twice as long. The actual delay is random, between half of it and all of it. Default `25ms`.
   */
  base?: string;
  /**
   * Maximum delay, at most 1m. Default `250ms`.
   */
  max?: string;
}
/**
 * How many retries a proxy may make for this policy, so that they cannot overload backends that already fail. A retry of a request of which nothing was sent, as after a connect failure, is free. When the budget is used up, the client gets the last response as it is.
 */
export interface RetryBudgetSpec {
  /**
   * Retries per hundred requests of the last ten seconds. Default 20.
   */
  percent?: number;
  /**
   * Retries per second that are allowed in addition, whatever the traffic; unused ones add up over ten seconds. Default 10.
   */
  minPerSecond?: number;
}
/**
 * Timeouts of requests. `0s` disables request, idle and tunnel. Absent: the defaults of its fields.
 */
export interface TimeoutsSpec {
  /**
   * For opening a connection to an endpoint; counts as a connect failure. Also the maximum time in the queue of circuitBreaker. Default `5s`.
   */
  connect?: string;
  /**
   * For the whole request, queueing and all tries included. Absent or `0s`: no limit.
   */
  request?: string;
  /**
   * Without progress in either direction; any progress restarts it. Default `60s`; `0s` means no limit.
   */
  idle?: string;
  /**
   * Replaces idle and request once a connection was upgraded (WebSocket): time without progress. Default `1h`; `0s` means no limit.
   */
  tunnel?: string;
  /**
   * How long requests and connections in progress may continue after their endpoint or route was removed. Default `30s`; `0s` ends them at once.
   */
  drain?: string;
}
/**
 * Changes headers of requests to backends. Routing and the access log use what the client sent.
 */
export interface RequestHeaderModifierSpec {
  /**
   * Headers that replace those of the same name.
   *
   * Items: One header.
   */
  set?: {
    /**
     * Name of the header; case-insensitive.
     */
    name: string;
    /**
     * Its value, printable ASCII, without a space at either end.
     */
    value: string;
  }[];
  /**
   * Headers that are added to those of the same name.
   *
   * Items: One header.
   */
  add?: {
    /**
     * Name of the header; case-insensitive.
     */
    name: string;
    /**
     * Its value, printable ASCII, without a space at either end.
     */
    value: string;
  }[];
  /**
   * Names of headers that are removed; case-insensitive.
   *
   * Items: One name.
   */
  remove?: string[];
}
/**
 * Changes headers of backends' responses, and of redirects, to the client. Other responses that a proxy makes itself are not changed.
 */
export interface ResponseHeaderModifierSpec {
  /**
   * Headers that replace those of the same name.
   *
   * Items: One header.
   */
  set?: {
    /**
     * Name of the header; case-insensitive.
     */
    name: string;
    /**
     * Its value, printable ASCII, without a space at either end.
     */
    value: string;
  }[];
  /**
   * Headers that are added to those of the same name.
   *
   * Items: One header.
   */
  add?: {
    /**
     * Name of the header; case-insensitive.
     */
    name: string;
    /**
     * Its value, printable ASCII, without a space at either end.
     */
    value: string;
  }[];
  /**
   * Names of headers that are removed; case-insensitive.
   *
   * Items: One name.
   */
  remove?: string[];
}
/**
 * Changes host or path of requests to backends. Routing and the access log use what the client sent; backends find the original host in X-Forwarded-Host.
 */
export interface UrlRewriteSpec {
  /**
   * The Host header of requests to backends.
   */
  hostname?: string;
  path?: UrlRewritePathSpec;
}
/**
 * The new path. The query is kept.
 */
export interface UrlRewritePathSpec {
  /**
   * `ReplaceFullPath` replaces the whole path. `ReplacePrefixMatch` replaces the prefix that the request matched, and needs matches of type PathPrefix only.
   */
  type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  /**
   * The path that replaces the whole path.
   */
  replaceFullPath?: string;
  /**
   * The path that replaces the matched prefix. With `PathPrefix` `/shop` and the value `/store`, `/shop/cart` becomes `/store/cart`. A slash at its end is ignored. Empty, or `/`, removes the prefix.
   */
  replacePrefixMatch?: string;
}
/**
 * Responds with a redirect instead of forwarding the request. Parts that are not given stay as in the request; the query is kept. A redirect to what the policy itself matches is a loop, which is not detected.
 */
export interface RequestRedirectSpec {
  /**
   * Scheme of the new address. Absent: http.
   */
  scheme?: 'http' | 'https';
  /**
   * Host of the new address.
   */
  hostname?: string;
  /**
   * (number) Port of the new address. Absent: the scheme's own (80, 443) where scheme is given, else the port that the client connected to, which is the listener's unless a proxy in front states it (listener.clientAddress).
   */
  port?: number;
  path?: RequestRedirectPathSpec;
  /**
   * Status of the response. 302 (default) and 307 are temporary, 301 and 308 permanent; 307 and 308 keep method and body; 303 makes the client use GET.
   */
  statusCode?: 301 | 302 | 303 | 307 | 308;
}
/**
 * The new path. The query is kept.
 */
export interface RequestRedirectPathSpec {
  /**
   * `ReplaceFullPath` replaces the whole path. `ReplacePrefixMatch` replaces the prefix that the request matched, and needs matches of type PathPrefix only.
   */
  type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  /**
   * The path that replaces the whole path.
   */
  replaceFullPath?: string;
  /**
   * The path that replaces the matched prefix. With `PathPrefix` `/shop` and the value `/store`, `/shop/cart` becomes `/store/cart`. A slash at its end is ignored. Empty, or `/`, removes the prefix.
   */
  replacePrefixMatch?: string;
}
/**
 * Limits of each proxy's concurrent load on this policy's backends. Requests beyond them wait in a queue, first in, first out, for up to timeouts.connect; when the queue is full the response is 503. A WebSocket counts as long as it is open. Absent: the defaults of its fields.
 */
export interface CircuitBreakerSpec {
  /**
   * Maximum connections of one proxy to the policy's backends, idle ones included. With HTTP/1.1 every request in progress uses one, so this limits requests as well. Default 1024.
   */
  maxConnections?: number;
  /**
   * Limits for each endpoint. Requests wait when all endpoints have reached their limit.
   */
  perEndpoint?: {
    /**
     * Maximum concurrent requests of one proxy to one endpoint. Absent: no limit.
     */
    maxParallelRequests?: number;
  };
  /**
   * Maximum concurrent requests of one proxy to the policy's backends. Default 1024.
   */
  maxParallelRequests?: number;
  /**
   * Maximum length of the queue of one proxy, in requests. Default 1024; 0: no queue.
   */
  maxPendingRequests?: number;
}
/**
 * What clients get when no backend can be used: none has a usable endpoint, or no connection succeeds. Absent: 503. Requests that find the queue of circuitBreaker full still get 503.
 */
export interface FallbackSpec {
  /**
   * `Redirect`: to another URL. `Response`: a fixed response. `BackendRef`: the response of another Service.
   */
  type: 'Redirect' | 'Response' | 'BackendRef';
  redirect?: FallbackRedirectSpec;
  response?: FallbackResponseSpec;
  /**
   * For type BackendRef. A Service, balanced and checked like the policy's backends. Its endpoints do not count in status.endpoints.
   */
  backendRef?: {
    /**
     * Name of the Service.
     */
    name: string;
    /**
     * Namespace of the Service. Default: the policy's own. With `Sidecar`, any namespace. With `Gateway`, another namespace only where the Service has the annotation `outrigger.dev/shared-with`, which lists the namespaces of policies that may use it, separated by commas, or is `*` for all.
     */
    namespace?: string;
    /**
     * (number) Port of the Service; neither its name nor the port of its Pods.
     */
    port: number;
  };
}
/**
 * For type Redirect.
 */
export interface FallbackRedirectSpec {
  /**
   * The URL to redirect to, unchanged; an absolute http or https URL.
   */
  url: string;
  /**
   * Status of the response. Default 302; 301 and 308 are permanent, which rarely suits a fallback.
   */
  statusCode?: 301 | 302 | 303 | 307 | 308;
}
/**
 * For type Response.
 */
export interface FallbackResponseSpec {
  /**
   * Status of the response; it must allow a body. Default 503.
   */
  statusCode?: number;
  /**
   * Content-Type of the response. Default `text/plain; charset=utf-8`.
   */
  contentType?: string;
  /**
   * The whole body. Default empty.
   */
  body?: string;
}
/**
 * Keeps a client at the endpoint that served it first, as long as that is usable, and for up to timeouts.drain while it drains. Clients without a session are balanced as usual. Off unless given.
 */
export interface SessionPersistenceSpec {
  cookie: SessionCookieSpec;
}
/**
 * The cookie that identifies the endpoint. All proxies set the same value and keep no state; the value reveals nothing about the endpoint. A forged or outdated cookie is ignored.
 */
export interface SessionCookieSpec {
  /**
   * Name of the cookie; case-sensitive. It must not be one that the application, or another policy on the same host, uses.
   */
  name: string;
  /**
   * How long a client keeps the cookie, counted from when it was set. Absent or `0s`: until the browser is closed.
   */
  ttl?: string;
  /**
   * With which cross-site requests a browser sends the cookie: `Lax` (default) when a link is followed, `Strict` with none, `None` with all, which works over HTTPS only.
   */
  sameSite?: 'Strict' | 'Lax' | 'None';
}
/**
 * Access log: one line of JSON for each request, on the proxies' standard output. Off unless given.
 */
export interface AccessLogSpec {
  /**
   * Whether requests are logged. Default true where accessLog is given.
   */
  enabled?: boolean;
  /**
   * Percentage of requests that are logged, chosen at random. Default 100.
   */
  samplePercent?: number;
  /**
   * Whether lines contain the query of the URL: `Include` (default) or `Omit`. Queries may hold what a log should not, such as tokens and names: then omit them.
   */
  query?: 'Include' | 'Omit';
}
/**
 * The observed state. Only the operator writes it.
 */
export interface PolicyStatus {
  /**
   * The generation of the policy that the whole status describes.
   */
  observedGeneration?: number;
  /**
   * `Ready`: requests that match the policy can be answered, by an endpoint or by its fallback. `Accepted`: it is valid and wins its conflicts. `ResolvedRefs`: its Services and ports exist. `Programmed`: every selected proxy that is Ready runs this generation. `Reconciling`: there while the operator waits for proxies. `Stalled`: there while the policy is not accepted. Where a condition is False, its message says what is wrong.
   */
  conditions?: Condition[];
  /**
   * Distinct endpoints over all backends.
   */
  endpoints?: {
    /**
     * Number of endpoints, ready or not.
     */
    total?: number;
    /**
     * Number of endpoints that Kubernetes reports as ready and that are not in maintenance.
     */
    ready?: number;
    /**
     * Number of the ready ones that a majority of the reporting proxies finds healthy.
     */
    healthy?: number;
  };
  /**
   * The proxies that the policy selects.
   */
  proxies?: {
    /**
     * Number of selected proxies.
     */
    total?: number;
    /**
     * Number of them that run this generation.
     */
    programmed?: number;
  };
  /**
   * The counts as text, for the columns of `kubectl get`.
   */
  summary?: {
    /**
     * Healthy endpoints of all endpoints, such as `3/3`.
     */
    endpoints?: string;
    /**
     * Programmed proxies of all selected proxies, such as `2/2`.
     */
    proxies?: string;
  };
}
/**
 * One condition.
 */
export interface Condition {
  /**
   * Name of the condition.
   */
  type: string;
  /**
   * Whether the condition holds.
   */
  status: 'True' | 'False' | 'Unknown';
  /**
   * The reason, in one word for programs.
   */
  reason: string;
  /**
   * The reason, in a sentence for people.
   */
  message: string;
  /**
   * Generation of the policy that the condition describes.
   */
  observedGeneration?: number;
  /**
   * When the status last changed.
   */
  lastTransitionTime: string;
}
