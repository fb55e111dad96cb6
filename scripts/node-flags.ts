/**
 * How Node runs the proxy wherever it serves; documented flags, also allowed in NODE_OPTIONS. What V8 chooses by itself grows with the
 * machine: with 24 GB, two halves of 64 MB for young objects, and 175 MB of dead connections among 45 MB of live ones before it looks for
 * them, with all that node:http holds for each outside the heap. Measured in test/chaos/README.md.
 */
export const PROXY_NODE_FLAGS: readonly string[] = [
  // Each half, MB. CPU per request is that of the default; with 4 it may be more.
  '--max-semi-space-size=16',
  // Far more than 10,000 connections need (45 MB). V8 collects earlier in a heap that can not become large.
  '--max-old-space-size=1024',
];
