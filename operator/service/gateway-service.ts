/** The gateways' Service: connects the policies' ports, the order of changes and the writer. */
import type { ProxyReport } from '../push/proxy-report.ts';
import type { Inventory, ProxyTarget, Translation } from '../translate/types.ts';
import { systemClock, type Clock } from '../util/clock.ts';
import { PortSequencer } from './port-sequencer.ts';
import { portsOfPolicies } from './gateway-ports.ts';
import { ServiceWriter, type ServiceWriterOptions } from './service-writer.ts';

export interface GatewayService {
  /** The translation to push now: listeners close only after their port has left the Service. */
  delayRemovals(inventory: Inventory, translation: Translation): Translation;
  /** Writes the ports that proxies listen on, when they differ. */
  reconcile(inventory: Inventory, translation: Translation, reports: ReadonlyMap<string, ProxyReport>): void;
  stop(): Promise<void>;
}

export type GatewayServiceOptions = Omit<ServiceWriterOptions, 'changed'> & {
  /** Time has passed, or the Service was written: call `delayRemovals` and `reconcile` again. */
  readonly due: () => void;
};

export function createGatewayService(options: GatewayServiceOptions): GatewayService {
  const { namespace, config, due, clock = systemClock } = options;
  const writer = new ServiceWriter({ ...options, changed: due });
  const sequencer = new PortSequencer();
  const key = `${namespace}/${config.service.name}`;
  const timers = { push: createTimer(clock, due), publish: createTimer(clock, due) };
  return {
    delayRemovals({ policies, services }, translation) {
      writer.observe(services.get(key));
      const wanted = portsOfPolicies(policies, translation.verdicts);
      const { value, recheckAfter } = sequencer.delayRemovals(onGateways(translation), wanted, writer.published, clock.now());
      timers.push.set(recheckAfter);
      const gateways = new Map(value.proxies.map((target) => [target.uid, target]));
      return { ...value, proxies: translation.proxies.map((target): ProxyTarget => gateways.get(target.uid) ?? target) };
    },
    reconcile({ policies, services }, translation, reports) {
      writer.observe(services.get(key));
      const wanted = portsOfPolicies(policies, translation.verdicts);
      const ports = sequencer.publishablePorts(onGateways(translation), reports, {
        wanted,
        published: writer.published,
        now: clock.now(),
      });
      timers.publish.set(ports.recheckAfter);
      writer.setDesired(ports.value);
    },
    async stop() {
      for (const timer of Object.values(timers)) timer.set(Infinity);
      await writer.stop();
    },
  };
}

/** The Service does not send to sidecars: they neither delay its ports nor wait for them. */
function onGateways(translation: Translation): Translation {
  return { ...translation, proxies: translation.proxies.filter(({ sidecar }) => sidecar !== true) };
}

/** One timer. Setting it cancels the former time; Infinity: never. */
function createTimer(clock: Clock, callback: () => void): { set(ms: number): void } {
  let cancel: (() => void) | undefined;
  return {
    set(ms) {
      cancel?.();
      cancel = ms === Infinity ? undefined : clock.after(ms, callback);
    },
  };
}
