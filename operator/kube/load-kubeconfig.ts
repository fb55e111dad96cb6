import { KubeConfig } from '@kubernetes/client-node';

/** A fresh KubeConfig from these files, merged as kubectl does; from the pod's service account when there are none. */
export function loadKubeConfig(files: readonly string[]): KubeConfig {
  const config = new KubeConfig();
  const [first, ...others] = files;
  if (first === undefined) {
    config.loadFromCluster();
    return config;
  }
  config.loadFromFile(first);
  for (const file of others) {
    const other = new KubeConfig();
    other.loadFromFile(file);
    config.mergeConfig(other, config.currentContext !== undefined && config.currentContext !== '');
  }
  return config;
}
