/**
 * Flags of Node for the proxy, in images, sidecars and the local cluster; documented, also allowed in NODE_OPTIONS. V8's defaults grow with
 * the memory of the machine: with 24 GB, a young generation of two halves of 64 MB, and up to 175 MB of dead connections next to 45 MB of
 * live ones before a full collection, in addition to what node:http holds for each outside the heap. Measured in test/chaos/README.md.
 */
export const PROXY_NODE_FLAGS: readonly string[] = [
  // MB for each half. CPU per request is the same as with 16 and with the default; with 4, a third higher with 512 busy connections.
  '--max-semi-space-size=8',
  // MB. Far more than 10,000 connections need (45 MB). V8 collects earlier when the limit of the heap is low.
  '--max-old-space-size=1024',
];
