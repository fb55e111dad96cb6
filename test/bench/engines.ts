/** Small GETs. */
import { trafficBench } from './traffic-bench.ts';

export const engines = trafficBench([{ title: 'small GET', shape: {}, bound: 1.8, gain: 0.25 }], { seconds: 1, warmUp: 2 });
