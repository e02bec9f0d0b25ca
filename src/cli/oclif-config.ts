/**
 * What oclif's Command and help ask of a Config, and no more. Its own Config.load reads package files and sorts with the
 * ICU collator, which costs more than all the rest of `kle status` (docs/adr/0004-bundling.md).
 */
import type { Config } from '@oclif/core/config';
import { version } from './version.js';

const partial = {
  bin: 'kle',
  name: 'kle',
  version,
  pjson: { name: 'kle', version, oclif: {} },
  plugins: new Map(),
  topics: [],
  topicSeparator: ' ',
  flexibleTaxonomy: false,
  runHook: async () => ({ successes: [], failures: [] }),
  scopedEnvVar: () => undefined,
  scopedEnvVarTrue: () => false,
};

export const oclifConfig = partial as object as Config;
