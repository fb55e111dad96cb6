/** Paths on the API server of the kinds that the operator uses. */
import { API_GROUP, API_VERSION, POLICY_PLURAL } from '../api/labels.ts';

export const POLICY_API_VERSION = `${API_GROUP}/${API_VERSION}`;

const segment = encodeURIComponent;

/** Collections over all namespaces, for LIST and WATCH. */
export const COLLECTIONS = {
  policies: `/apis/${POLICY_API_VERSION}/${POLICY_PLURAL}`,
  services: '/api/v1/services',
  endpointSlices: '/apis/discovery.k8s.io/v1/endpointslices',
  pods: '/api/v1/pods',
  nodes: '/api/v1/nodes',
  namespaces: '/api/v1/namespaces',
} as const;

export const policyStatusPath = (namespace: string, name: string): string =>
  `/apis/${POLICY_API_VERSION}/namespaces/${segment(namespace)}/${POLICY_PLURAL}/${segment(name)}/status`;
export const podsPath = (namespace: string): string => `/api/v1/namespaces/${segment(namespace)}/pods`;
export const leasesPath = (namespace: string): string => `/apis/coordination.k8s.io/v1/namespaces/${segment(namespace)}/leases`;
export const secretsPath = (namespace: string): string => `/api/v1/namespaces/${segment(namespace)}/secrets`;
export const eventsPath = (namespace: string): string => `/apis/events.k8s.io/v1/namespaces/${segment(namespace)}/events`;
export const servicePath = (namespace: string, name: string): string =>
  `/api/v1/namespaces/${segment(namespace)}/services/${segment(name)}`;
export const deploymentPath = (namespace: string, name: string): string =>
  `/apis/apps/v1/namespaces/${segment(namespace)}/deployments/${segment(name)}`;
export const POLICY_CRD_PATH = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${POLICY_PLURAL}.${API_GROUP}`;
export const mutatingWebhooksPath = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
