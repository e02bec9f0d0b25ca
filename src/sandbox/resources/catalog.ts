/** The resources the sandbox serves. */
import { configMaps } from './config-map.js';
import { coreEvents, events } from './event.js';
import { leases } from './lease.js';
import { namespaces } from './namespace.js';
import { pods } from './pod.js';
import type { Resource } from './resource.js';
import { serviceAccounts } from './service-account.js';

export function catalog(coordinated: boolean): Resource[] {
  return [configMaps, coreEvents, namespaces, pods, serviceAccounts, leases(coordinated), events];
}
