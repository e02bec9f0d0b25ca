import type { Sequence } from '../sequence.js';
import { access } from './access.js';
import { clients } from './clients.js';
import { compaction } from './compaction.js';
import { coordinated } from './coordinated.js';
import { create } from './create.js';
import { crud } from './crud.js';
import { deletion } from './deletion.js';
import { discovery } from './discovery.js';
import { dryRun } from './dry-run.js';
import { events } from './events.js';
import { finalizers } from './finalizers.js';
import { jsonPatch } from './json-patch.js';
import { managedFields } from './managed-fields.js';
import { mergePatch } from './merge-patch.js';
import { microTime } from './micro-time.js';
import { namespaces } from './namespaces.js';
import { noOps } from './no-ops.js';
import { otherKinds } from './other-kinds.js';
import { paging } from './paging.js';
import { preconditions } from './preconditions.js';
import { protobuf } from './protobuf.js';
import { refusals } from './refusals.js';
import { resourceVersions } from './resource-versions.js';
import { selectors } from './selectors.js';
import { strategicPatch } from './strategic-patch.js';
import { tables } from './tables.js';
import { unknownFields } from './unknown-fields.js';
import { validation } from './validation.js';
import { watch } from './watch.js';
import { watchStart } from './watch-start.js';

/** By topic, which names the fixture. */
export const topics: { [topic: string]: Sequence[] } = {
  access,
  clients,
  compaction,
  coordinated,
  create,
  crud,
  deletion,
  discovery,
  'dry-run': dryRun,
  events,
  finalizers,
  'json-patch': jsonPatch,
  'managed-fields': managedFields,
  'merge-patch': mergePatch,
  'micro-time': microTime,
  namespaces,
  'no-ops': noOps,
  'other-kinds': otherKinds,
  paging,
  preconditions,
  protobuf,
  refusals,
  'resource-versions': resourceVersions,
  selectors,
  'strategic-patch': strategicPatch,
  tables,
  'unknown-fields': unknownFields,
  validation,
  watch,
  'watch-start': watchStart,
};
