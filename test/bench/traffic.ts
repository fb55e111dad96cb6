/** Larger heads, responses and uploads. */
import { trafficBench } from './traffic-bench.ts';

export const traffic = trafficBench(
  [
    { title: 'GET with the head of a browser (10 fields in the response)', shape: { browser: true, path: '/?browser' } },
    { title: 'GET, response of 16 KiB', shape: { path: '/?bytes=16384' }, bound: 2 },
    { title: 'POST of 64 KiB', shape: { method: 'POST', body: 65_536 }, bound: 2 },
    { title: 'POST of 1 KiB', shape: { method: 'POST', body: 1024 }, bound: 2 },
  ],
  { seconds: 0.5, warmUp: 1 },
);
