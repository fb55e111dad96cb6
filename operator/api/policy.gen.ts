// Generated from crds/loadbalancerpolicies.yaml by scripts/generate-types.ts: edit that, then run the script.
// Fields with a default are optional all the same: an object stored before the default existed lacks it (see defaults.ts).
import type { ObjectMeta } from './kubernetes.ts';

/**
 * LoadBalancerPolicy says on which port Outrigger's proxies listen, over which Services they balance, and how: the strategy, health checks, retries and time limits.
 */
export interface LoadBalancerPolicy {
  /**
   * Version of the schema that this object follows, outrigger.dev/v1alpha1.
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
 * What the proxies shall do.
 */
export interface PolicySpec {
  proxies?: ProxySelection;
  listener?: ListenerSpec;
  /**
   * Which requests on the listener the policy takes: those for which any one entry holds. Absent or empty: all. Where several policies match a request, the most specific wins, with the precedence of Gateway API's HTTPRoute.
   */
  matches?: MatchSpec[];
  /**
   * Services that the traffic goes to, each with its share. While a Service or port does not exist or may not be used, or none of its endpoints can be used, its share goes to the others; without others, the answer is 503. Required, except with requestRedirect.
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
 * Which proxies carry the policy. All gateway proxies unless told otherwise.
 */
export interface ProxySelection {
  /**
   * `Gateway` (default): the gateway pods in the operator's namespace. `Sidecar`: the proxies beside applications in pods of the policy's own namespace, which carry the label `outrigger.dev/inject: "true"`; an application calls `localhost` and the listener's port.
   */
  type?: 'Gateway' | 'Sidecar';
  selector?: LabelSelector;
}
/**
 * Labels that a proxy pod must carry. Empty or absent selects all of them.
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
   * Requirements that must all hold, beside matchLabels.
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
 * Where the proxies accept traffic. A policy without a listener only monitors: its backends are checked and measured, and no traffic is served.
 */
export interface ListenerSpec {
  /**
   * Port on which clients reach the proxies, 1-65535 without 9900 and 9901, which the proxies use themselves. A gateway binds a port below 1024 as port + 10000, and its Service maps it; sidecars take 1024 and more, on loopback only. Policies may share a port.
   */
  port: number;
  /**
   * What is spoken on the port: `HTTP` (default).
   */
  protocol?: 'HTTP';
  clientAddress?: ClientAddressSpec;
  /**
   * Hosts to which the policy applies, in lower case and without port. A leading `*.` stands for one or more labels: `*.example.com` matches `a.example.com` and `a.b.example.com`, not `example.com`. Absent or empty: every host.
   *
   * Items: One host name, such as `shop.example.com` or `*.example.com`.
   */
  hostnames?: string[];
}
/**
 * Who the client is where other proxies or load balancers stand in front of these: how far X-Forwarded-For, read from the right, is believed. The address goes into the access log and is what `SourceIP` hashes. Requests of proxies that are believed keep X-Forwarded-For, with the proxy's address appended, and X-Forwarded-Proto, -Port and -Host. Absent: nothing is believed, the client is whoever connects, and these headers are overwritten. All policies on a port must have the same.
 */
export interface ClientAddressSpec {
  /**
   * Number of proxies in front, 0-32. The client's address is that entry of X-Forwarded-For, counted from the right. Only where clients can not come past those proxies: whoever connects is believed. 0 means the same as no clientAddress.
   */
  trustedHops?: number;
  /**
   * Ranges of addresses that the proxies in front have. The client's address is the first entry of X-Forwarded-For, from the right, that is in none of them. Whoever connects from elsewhere is a client.
   *
   * Items: One range, such as `10.0.0.0/8` or `fd00::/8`; one address is `192.0.2.1/32`.
   */
  trustedCIDRs?: string[];
}
/**
 * Terms that must all hold. An absent term always holds.
 */
export interface MatchSpec {
  path?: PathMatch;
  /**
   * Method of the request. Absent, every method matches.
   */
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS' | 'TRACE' | 'PATCH';
  /**
   * Headers that the request must carry with these values.
   */
  headers?: HeaderMatch[];
}
/**
 * Condition on the path of the request.
 */
export interface PathMatch {
  /**
   * `PathPrefix` (default) compares whole path elements: `/shop` matches `/shop` and `/shop/cart`, not `/shopping`. `Exact` compares the whole path. `RegularExpression` (RE2 syntax) must describe the whole path, and yields to exact paths and to every prefix but `/`. All of them regard case.
   */
  type?: 'PathPrefix' | 'Exact' | 'RegularExpression';
  /**
   * The path, beginning with `/`, without query, or the expression. Default `/`.
   */
  value?: string;
}
/**
 * One header.
 */
export interface HeaderMatch {
  /**
   * Name of the header; case does not matter.
   */
  name: string;
  /**
   * `Exact` (default) compares the whole value. `RegularExpression` (RE2 syntax) must describe the whole value. Of a header that is sent more than once, the first value counts.
   */
  type?: 'Exact' | 'RegularExpression';
  /**
   * The value, or the expression; case matters.
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
   * Namespace of the Service. Default: the policy's own. With `Sidecar` any; with `Gateway` another one only where the Service carries the annotation `outrigger.dev/shared-with`, with the namespaces of policies that may use it, separated by commas, or `*` for all.
   */
  namespace?: string;
  /**
   * Port of the Service (not the target port of its pods).
   */
  port: number;
  /**
   * Share of the traffic: this weight of the sum of all weights. Default 1; 0 sends nothing there.
   */
  weight?: number;
}
/**
 * How an endpoint is chosen within a Service.
 */
export interface LoadBalancerSpec {
  /**
   * `LeastRequest` (default): the less busy of two random endpoints. `RoundRobin`: in turn, regardless of weight. `WeightedRoundRobin`: in turn, smoothly by weight. `LeastConnections`: the least busy endpoint by weight. `PeakEWMA`: of two random endpoints the one that promises the quicker answer, by its response times and what it is busy with. `Random`: at random, by weight. `ConsistentHash`: the endpoint that the request's key belongs to. Weights of endpoints come from the Pod annotation outrigger.dev/weight.
   */
  type?: 'RoundRobin' | 'WeightedRoundRobin' | 'LeastConnections' | 'LeastRequest' | 'PeakEWMA' | 'Random' | 'ConsistentHash';
  consistentHash?: ConsistentHashSpec;
  slowStart?: SlowStartSpec;
  zoneAware?: ZoneAwareSpec;
}
/**
 * How ConsistentHash places keys; only with that type. All proxies place a key alike, and most keys stay where they are when endpoints come and go. Several backendRefs share the keys by their weights. Absent, the defaults of its fields hold, and keys are not remembered.
 */
export interface ConsistentHashSpec {
  /**
   * `Maglev` (default): the most even shares; a change of the endpoints moves few other keys. `Rendezvous`: a change moves no other key; a failed request has its second chance at the same second endpoint each time.
   */
  algorithm?: 'Maglev' | 'Rendezvous';
  /**
   * Slots in the table of Maglev; a prime, at least a hundred times the number of endpoints for even shares. A slot takes 2 bytes of memory in each proxy. Default 65537.
   */
  tableSize?: number;
  hashOn?: HashOnSpec;
  affinity?: AffinitySpec;
}
/**
 * What the key is made of. A request that has no key, such as one without the header, goes to an endpoint at random, by weight.
 */
export interface HashOnSpec {
  /**
   * `SourceIP` (default): the client's address. `Header`, `Cookie`, `QueryParam`: the value of the one named in the member of that name. `Path`: the path without query.
   */
  type?: 'SourceIP' | 'Header' | 'Cookie' | 'QueryParam' | 'Path';
  /**
   * For type Header.
   */
  header?: {
    /**
     * Name of the request header; case does not matter. Its first value counts.
     */
    name: string;
  };
  /**
   * For type Cookie. A client without the cookie gets one with a random value.
   */
  cookie?: {
    /**
     * Name of the cookie; case matters.
     */
    name: string;
    /**
     * How long a client keeps a cookie that a proxy made. Absent or `0s`, until the browser is closed.
     */
    ttl?: string;
  };
  /**
   * For type QueryParam.
   */
  queryParam?: {
    /**
     * Name of the query parameter, decoded; case matters. Its first value counts.
     */
    name: string;
  };
}
/**
 * Remembers which endpoint a key went to, so that a key in use stays there while endpoints come and go, and on one that drains until timeouts.drain. Each proxy remembers for itself. Off unless given.
 */
export interface AffinitySpec {
  /**
   * Keys to remember at most; the one used longest ago makes room. Default 65536.
   */
  maxEntries?: number;
  /**
   * A key that was not used for so long is forgotten. Default `60s`.
   */
  idleTimeout?: string;
}
/**
 * An endpoint that joins, or is healthy again, gets little at first, and its whole share at the end of the window, so that cold caches and compilers have time to warm up. Where all endpoints are new, none of them is held back. Off unless given.
 */
export interface SlowStartSpec {
  /**
   * How long it takes until the endpoint has its whole weight, 1s-1h.
   */
  window: string;
  /**
   * How the weight rises: its share is (time / window) to the power of 1 / aggression. 1 (default) is a straight line; more gives more at the beginning.
   */
  aggression?: number;
  /**
   * The least share of its weight that an endpoint has, in percent. Default 10.
   */
  minWeightPercent?: number;
}
/**
 * Whether the zone of an endpoint counts. A proxy is in the zone of its Node, by the label topology.kubernetes.io/zone; zones of endpoints come from EndpointSlices. A proxy whose zone is not known takes all endpoints as equal. Not with ConsistentHash. Off unless given.
 */
export interface ZoneAwareSpec {
  /**
   * A proxy sends to endpoints in its own zone only, while at least 70% of them (by weight) can be used. With fewer, other zones get as much of the traffic as the zone lacks. The first retry of a request stays in the zone, any further one leaves it.
   */
  preferLocal: {
    /**
     * With fewer usable endpoints than this in its zone, a proxy prefers none: each endpoint gets its share by weight, wherever it is. Default 1.
     */
    minEndpoints?: number;
  };
}
/**
 * How proxies find out which endpoints work, beside the readiness that Kubernetes reports, which always counts.
 */
export interface HealthCheckSpec {
  active?: ActiveCheckSpec;
  passive?: PassiveCheckSpec;
  /**
   * Percent of healthy endpoints below which all of them are used, whatever checks and ejection say: too few could not bear the load. Default 0, which turns that off.
   */
  panicThreshold?: number;
}
/**
 * Probes that every proxy sends to every endpoint. Off unless given.
 */
export interface ActiveCheckSpec {
  /**
   * `HTTP`: send a request and look at the answer. `TCP`: only open a connection. `GRPC`: ask the service grpc.health.v1.Health over HTTP/2 without TLS.
   */
  type: 'HTTP' | 'TCP' | 'GRPC';
  /**
   * For HTTP, the path to ask for, with query where needed. Default `/`.
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
   * For GRPC, the name of the service to ask about, as in a container's gRPC probe. Absent: the server as a whole.
   */
  service?: string;
  /**
   * For HTTP, the status codes of a healthy endpoint: `"204"` or an inclusive range, `"200-399"`. Default `["200-399"]`.
   *
   * Items: One status code, or two joined by a hyphen.
   */
  expectedStatuses?: string[];
  /**
   * For HTTP, a regular expression (RE2 syntax) that the first 64 KiB of the answer's body must contain a match of. Absent: any body.
   */
  expectedBody?: string;
  /**
   * Port to probe, where it is not the endpoint's own.
   */
  port?: number;
  /**
   * Time between the starts of two probes of one endpoint, 100ms-1h. Default `3s`.
   */
  interval?: string;
  /**
   * Time that one probe may take, at most the interval. Default `1s`.
   */
  timeout?: string;
  /**
   * Failures in a row after which a healthy endpoint gets no traffic. Default 3.
   */
  unhealthyThreshold?: number;
  /**
   * Successes in a row after which an unhealthy endpoint gets traffic again. Default 2.
   */
  healthyThreshold?: number;
}
/**
 * When failing requests eject an endpoint for a while. When the time is over, one request finds out whether it works again. Absent: only connect failures eject, 3 in a row, for 30s, at most half of the endpoints.
 */
export interface PassiveCheckSpec {
  /**
   * Failures of any kind in a row that eject an endpoint: answers of 500 and above, connect failures, resets, time-outs, malformed and broken answers. Default 5; 0 turns that off.
   */
  consecutive5xx?: number;
  /**
   * Connect failures in a row that eject an endpoint. Default 3.
   */
  consecutiveConnectFailures?: number;
  failurePercent?: FailurePercentSpec;
  /**
   * How long the first ejection lasts, 1ms-5m; each further one takes twice as long, to 5m at most. Default `30s`.
   */
  baseEjectionTime?: string;
  /**
   * Share of the endpoints, in percent, that may be ejected at once. One may always be, and the last usable one never is. Default 50.
   */
  maxEjectionPercent?: number;
}
/**
 * Ejects an endpoint when too many of its latest requests failed, in a row or not. Failures are those that consecutive5xx counts. Off unless given.
 */
export interface FailurePercentSpec {
  /**
   * Percent of requests that fail.
   */
  threshold: number;
  /**
   * Fewer requests than this within the window say nothing. Default 20.
   */
  minRequests?: number;
  /**
   * How far back requests count, 100ms-1h. Default `10s`.
   */
  window?: string;
}
/**
 * When a failed request is tried again, at most (attempts + 1) × (sameEndpoint + 1) tries in all. Absent: the defaults of its fields.
 */
export interface RetrySpec {
  /**
   * How many further endpoints are tried after the first. Default 2; 0 turns that off.
   */
  attempts?: number;
  /**
   * How many extra tries each endpoint gets, only after a connect failure or reset and while it is still usable. Default 0.
   */
  sameEndpoint?: number;
  /**
   * Time from the later of connected and request sent until the head of the response. Absent or `0s`: no limit.
   */
  perTryTimeout?: string;
  /**
   * What is tried again: `connect-failure`, `reset` (the connection broke before a response), `gateway-error` (502, 503, 504), `timeout` (perTryTimeout ran out) and single status codes from 400 on, in quotes. Default `connect-failure`, `reset`, `gateway-error`.
   *
   * Items: A condition's name, or a status code such as `"429"`.
   */
  retryOn?: string[];
  backOff?: BackOffSpec;
  /**
   * Whether POST and PATCH are tried again after something was sent, which may do their work twice. Default false.
   */
  nonIdempotent?: boolean;
  /**
   * Request bodies up to this size are kept, so that they can be sent again: bytes, or with Ki or Mi, at most 16Mi. Default `64Ki`.
   */
  bufferLimit?: string;
  budget?: RetryBudgetSpec;
}
/**
 * Pause before a try of the same endpoint, or once all were tried. Another endpoint is tried at once.
 */
export interface BackOffSpec {
  /**
   * First pause; each further one is twice as long. The pause is drawn from its upper half. Default `25ms`.
   */
  base?: string;
  /**
   * Longest pause, at most 1m. Default `250ms`.
   */
  max?: string;
}
/**
 * How many retries a proxy may make for this policy, so that they can not drown backends that fail already. A retry of a request of which nothing was sent, as after a connect failure, costs nothing. Used up, the client gets the last answer as it is.
 */
export interface RetryBudgetSpec {
  /**
   * Retries per hundred requests of the last ten seconds. Default 20.
   */
  percent?: number;
  /**
   * Retries in each second that are there in addition, whatever the traffic; they add up over ten seconds. Default 10.
   */
  minPerSecond?: number;
}
/**
 * Limits of time for requests. `0s` turns request, idle and tunnel off. Absent, the defaults of its fields hold.
 */
export interface TimeoutsSpec {
  /**
   * For opening a connection to an endpoint; counts as a connect failure. Default `5s`.
   */
  connect?: string;
  /**
   * For the whole request, with waiting and all its tries. Absent or `0s`, no limit.
   */
  request?: string;
  /**
   * Without progress in either direction; progress starts it anew. Default `60s`; `0s` means no limit.
   */
  idle?: string;
  /**
   * In place of idle and request, once a connection was upgraded (WebSocket). Default `1h`; `0s` means no limit.
   */
  tunnel?: string;
  /**
   * How long what began on an endpoint or route that went away may take to finish. Default `30s`; `0s` cuts it off at once.
   */
  drain?: string;
}
/**
 * Changes headers of requests on their way to a backend. Routing, and the access log, see what the client sent.
 */
export interface RequestHeaderModifierSpec {
  /**
   * Headers that replace those of the same name.
   *
   * Items: One header.
   */
  set?: {
    /**
     * Name of the header; case does not matter.
     */
    name: string;
    /**
     * Its value, printable ASCII without space at either end.
     */
    value: string;
  }[];
  /**
   * Headers that come beside those of the same name.
   *
   * Items: One header.
   */
  add?: {
    /**
     * Name of the header; case does not matter.
     */
    name: string;
    /**
     * Its value, printable ASCII without space at either end.
     */
    value: string;
  }[];
  /**
   * Names of headers that are taken away; case does not matter.
   *
   * Items: One name.
   */
  remove?: string[];
}
/**
 * Changes headers of backends' responses, and of redirects, on their way to the client. Other answers that a proxy makes itself stay as they are.
 */
export interface ResponseHeaderModifierSpec {
  /**
   * Headers that replace those of the same name.
   *
   * Items: One header.
   */
  set?: {
    /**
     * Name of the header; case does not matter.
     */
    name: string;
    /**
     * Its value, printable ASCII without space at either end.
     */
    value: string;
  }[];
  /**
   * Headers that come beside those of the same name.
   *
   * Items: One header.
   */
  add?: {
    /**
     * Name of the header; case does not matter.
     */
    name: string;
    /**
     * Its value, printable ASCII without space at either end.
     */
    value: string;
  }[];
  /**
   * Names of headers that are taken away; case does not matter.
   *
   * Items: One name.
   */
  remove?: string[];
}
/**
 * Another host or path for backends. Routing, and the access log, see what the client sent; X-Forwarded-Host tells backends.
 */
export interface UrlRewriteSpec {
  /**
   * The Host header that backends get.
   */
  hostname?: string;
  path?: UrlRewritePathSpec;
}
/**
 * Another path. The query is kept.
 */
export interface UrlRewritePathSpec {
  /**
   * `ReplaceFullPath`: the whole path. `ReplacePrefixMatch`: the prefix by which the request was matched, which needs matches of type PathPrefix only.
   */
  type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  /**
   * The path that takes the place of the whole path.
   */
  replaceFullPath?: string;
  /**
   * What takes the place of the prefix, with `PathPrefix` `/shop` and `/store` for instance: `/shop/cart` becomes `/store/cart`. A slash at its end does not count. Empty, or `/`, takes the prefix away.
   */
  replacePrefixMatch?: string;
}
/**
 * Sends clients elsewhere, instead of a backend. What is not given stays as in the request; the query is kept. A redirect to what the policy matches itself is a loop, which nobody but you can see.
 */
export interface RequestRedirectSpec {
  /**
   * Scheme of the new address. Absent, http.
   */
  scheme?: 'http' | 'https';
  /**
   * Host of the new address.
   */
  hostname?: string;
  /**
   * Port of the new address. Absent: the scheme's own (80, 443) where scheme is given, else the listener's.
   */
  port?: number;
  path?: RequestRedirectPathSpec;
  /**
   * Status of the answer. 302 (default) and 307 are temporary, 301 and 308 for good; 307 and 308 keep method and body; 303 says to look elsewhere with GET.
   */
  statusCode?: 301 | 302 | 303 | 307 | 308;
}
/**
 * Another path. The query is kept.
 */
export interface RequestRedirectPathSpec {
  /**
   * `ReplaceFullPath`: the whole path. `ReplacePrefixMatch`: the prefix by which the request was matched, which needs matches of type PathPrefix only.
   */
  type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  /**
   * The path that takes the place of the whole path.
   */
  replaceFullPath?: string;
  /**
   * What takes the place of the prefix, with `PathPrefix` `/shop` and `/store` for instance: `/shop/cart` becomes `/store/cart`. A slash at its end does not count. Empty, or `/`, takes the prefix away.
   */
  replacePrefixMatch?: string;
}
/**
 * How much each proxy asks of this policy's backends at once. More requests wait in line, first come first served, for up to timeouts.connect; where the line is full the answer is 503. A WebSocket counts for as long as it is open. Absent, the defaults of its fields hold.
 */
export interface CircuitBreakerSpec {
  /**
   * Connections of one proxy to the policy's backends, idle ones included. Over HTTP/1.1 every request in progress has one, so this bounds those, too. Default 1024.
   */
  maxConnections?: number;
  /**
   * Limits for each endpoint. Requests wait when all endpoints have reached theirs.
   */
  perEndpoint?: {
    /**
     * Requests of one proxy at one endpoint at once. Absent, there is no limit.
     */
    maxParallelRequests?: number;
  };
  /**
   * Requests of one proxy at the policy's backends at once. Default 1024.
   */
  maxParallelRequests?: number;
  /**
   * Requests of one proxy that wait in line for their turn. Default 1024; 0 lets none wait.
   */
  maxPendingRequests?: number;
}
/**
 * What clients get when none of the backends can be used, since none has a usable endpoint, or none can be connected to. Absent: 503. Requests for which there is no room in line get 503 all the same.
 */
export interface FallbackSpec {
  /**
   * `Redirect`: to another URL. `Response`: a fixed answer. `BackendRef`: the answer of another Service.
   */
  type: 'Redirect' | 'Response' | 'BackendRef';
  redirect?: FallbackRedirectSpec;
  response?: FallbackResponseSpec;
  /**
   * For type BackendRef. A Service, balanced and checked as the policy's backends are. It does not count in status.endpoints.
   */
  backendRef?: {
    /**
     * Name of the Service.
     */
    name: string;
    /**
     * Namespace of the Service. Default: the policy's own. With `Sidecar` any; with `Gateway` another one only where the Service carries the annotation `outrigger.dev/shared-with`, with the namespaces of policies that may use it, separated by commas, or `*` for all.
     */
    namespace?: string;
    /**
     * Port of the Service (not of its pods).
     */
    port: number;
  };
}
/**
 * For type Redirect.
 */
export interface FallbackRedirectSpec {
  /**
   * Where clients are sent, as it is; an absolute http or https URL.
   */
  url: string;
  /**
   * Status of the answer. Default 302; 301 and 308 are for good, and not for a fallback but rarely.
   */
  statusCode?: 301 | 302 | 303 | 307 | 308;
}
/**
 * For type Response.
 */
export interface FallbackResponseSpec {
  /**
   * Status of the answer, one whose answers have a body. Default 503.
   */
  statusCode?: number;
  /**
   * Content-Type of the answer. Default `text/plain; charset=utf-8`.
   */
  contentType?: string;
  /**
   * The whole body. Default empty.
   */
  body?: string;
}
/**
 * Keeps a client at the endpoint that served it first, for as long as that may serve, and while it drains until timeouts.drain. Clients without a session are balanced as ever. Off unless given.
 */
export interface SessionPersistenceSpec {
  cookie: SessionCookieSpec;
}
/**
 * The cookie that names the endpoint. Proxies set it, all of them alike, and remember nothing; its value tells nothing about the endpoint. One that is forged or out of date counts as none.
 */
export interface SessionCookieSpec {
  /**
   * Name of the cookie; case matters. Not one that the application uses.
   */
  name: string;
  /**
   * How long a client keeps the cookie, from when it got it. Absent or `0s`, until the browser is closed.
   */
  ttl?: string;
  /**
   * With which requests from other sites a browser sends the cookie: `Lax` (default) with links that are followed, `Strict` with none, `None` with all, which works over HTTPS only.
   */
  sameSite?: 'Strict' | 'Lax' | 'None';
}
/**
 * One line of JSON for each request on the proxies' standard output. Off unless given.
 */
export interface AccessLogSpec {
  /**
   * Whether requests are logged. Default true where accessLog is given.
   */
  enabled?: boolean;
  /**
   * Share of the requests, in percent and chosen at random, that are logged. Default 100.
   */
  samplePercent?: number;
}
/**
 * What the operator has observed. Written by the operator only.
 */
export interface PolicyStatus {
  /**
   * `Accepted`: the policy is valid and wins its conflicts. `ResolvedRefs`: its Services and ports exist. `Programmed`: every selected proxy runs this generation. The message says what to change where something is wrong.
   */
  conditions?: Condition[];
  /**
   * Distinct endpoints over all backends.
   */
  endpoints?: {
    /**
     * How many there are, ready or not.
     */
    total?: number;
    /**
     * How many Kubernetes calls ready and are not in maintenance.
     */
    ready?: number;
    /**
     * How many of the ready ones a majority of the reporting proxies finds healthy.
     */
    healthy?: number;
  };
  /**
   * The proxies that the policy selects.
   */
  proxies?: {
    /**
     * How many there are.
     */
    total?: number;
    /**
     * How many of them run this generation.
     */
    programmed?: number;
  };
  /**
   * The counts as text, for the columns of kubectl get.
   */
  summary?: {
    /**
     * Healthy endpoints of all endpoints, such as `3/3`.
     */
    endpoints?: string;
    /**
     * Programmed proxies of all selected ones, such as `2/2`.
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
   * Whether it holds.
   */
  status: 'True' | 'False' | 'Unknown';
  /**
   * Why, in one word for machines.
   */
  reason: string;
  /**
   * Why, in a sentence for people.
   */
  message: string;
  /**
   * Generation of the policy that the condition is about.
   */
  observedGeneration?: number;
  /**
   * When the status last changed.
   */
  lastTransitionTime: string;
}
