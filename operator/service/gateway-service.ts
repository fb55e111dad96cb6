/** The gateways' Service: what it shall have, in which order, and who writes it. Put together here, decided and done beside. */
import type { ProxyReport } from '../push/proxy-report.ts';
import type { Inventory, ProxyTarget, Translation } from '../translate/types.ts';
import { systemClock, type Clock } from '../util/clock.ts';
import { PortSequencer } from './port-sequencer.ts';
import { portsOfPolicies } from './gateway-ports.ts';
import { ServiceWriter, type ServiceWriterOptions } from './service-writer.ts';

export interface GatewayService {
  /** What may be pushed of a translation, now. */
  order(inventory: Inventory, translation: Translation): Translation;
  /** Brings the Service nearer to what is pushed and acknowledged. */
  want(inventory: Inventory, translation: Translation, reports: ReadonlyMap<string, ProxyReport>): void;
  stop(): Promise<void>;
}

export type GatewayServiceOptions = Omit<ServiceWriterOptions, 'changed'> & {
  /** Time has passed, or the Service was written: order and want again. */
  readonly again: () => void;
};

export function createGatewayService(options: GatewayServiceOptions): GatewayService {
  const { namespace, config, again, clock = systemClock } = options;
  const writer = new ServiceWriter({ ...options, changed: again });
  const order = new PortSequencer();
  const key = `${namespace}/${config.service.name}`;
  const timers = { push: alarm(clock, again), publish: alarm(clock, again) };
  return {
    order({ policies, services }, translation) {
      writer.see(services.get(key));
      const wanted = portsOfPolicies(policies, translation.verdicts);
      const { value, again: after } = order.push(onGateways(translation), wanted, writer.published, clock.now());
      timers.push.set(after);
      const gateways = new Map(value.proxies.map((target) => [target.uid, target]));
      return { ...value, proxies: translation.proxies.map((target): ProxyTarget => gateways.get(target.uid) ?? target) };
    },
    want({ policies, services }, translation, reports) {
      writer.see(services.get(key));
      const wanted = portsOfPolicies(policies, translation.verdicts);
      const ports = order.publish(onGateways(translation), reports, { wanted, published: writer.published, now: clock.now() });
      timers.publish.set(ports.again);
      writer.want(ports.value);
    },
    async stop() {
      for (const timer of Object.values(timers)) timer.set(Infinity);
      await writer.stop();
    },
  };
}

/** No Service leads to sidecars: they neither wait for its ports nor keep them waiting. */
function onGateways(translation: Translation): Translation {
  return { ...translation, proxies: translation.proxies.filter(({ sidecar }) => sidecar !== true) };
}

/** One timer; setting it anew takes the former time back, and Infinity is never. */
function alarm(clock: Clock, ring: () => void): { set(ms: number): void } {
  let cancel: (() => void) | undefined;
  return {
    set(ms) {
      cancel?.();
      cancel = ms === Infinity ? undefined : clock.after(ms, ring);
    },
  };
}
