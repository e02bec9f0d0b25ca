/** The library: leader election on a Kubernetes Lease. What it promises: docs/library.md. */
export { ConnectError } from './kube/http/connection.js';
export type * from './lease/api.js';
export type { LeaseObject, LeaseRecord } from './lease/record.js';
export { connectLeases } from './library/connect.js';
export { NotLeader, ObserveTimeout, OptionError } from './library/errors.js';
export { LeaderElection } from './library/leader-election.js';
export type {
  Duration,
  KubeConfigLike,
  LeaderElectionOptions,
  LeaderState,
  LostReason,
  OptionRule,
  ReleaseOutcome,
  SharedLeases,
  Term,
  Tried,
  Warning,
} from './library/types.js';
