/** The table of rooms in CONTRIBUTING.md as a test: who may import whom, and which globals stay out of which room. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src');

interface Room {
  /** Rooms and packages whose values may be imported; `node` is Node's own modules, `*` anything. */
  values: string[];
  /** Further rooms of which types may be imported. */
  types: string[];
  /** What the rule protects, told to whoever breaks it. */
  why: string;
}

const ROOMS: Record<string, Room> = {
  lease: { values: [], types: [], why: 'lease/ is pure and can be read alone' },
  platform: {
    values: ['node'],
    types: ['lease'],
    why: 'platform/ is the only room that reads clocks, disk and process',
  },
  elector: {
    values: ['lease'],
    types: ['platform'],
    why: 'elector/ decides from inputs alone, so that simulation covers it',
  },
  operations: {
    values: ['lease'],
    types: ['platform', 'elector'],
    why: 'operations/ works on ports, so that commands, drills and the screen share it',
  },
  supervise: { values: ['platform', 'node'], types: ['elector'], why: 'supervise/ knows processes, not Kubernetes' },
  kube: {
    values: ['lease', 'platform', 'node', 'yaml'],
    types: ['operations/ports'],
    why: 'kube/ only reaches API servers; it shows nothing',
  },
  sandbox: {
    values: ['lease', 'platform', 'node', 'rfc6902', '@peculiar/x509', 'reflect-metadata', 'yaml'],
    types: [],
    why: 'sandbox/ is a server of its own, which the rest must not lean on',
  },
  view: {
    values: ['lease', 'chalk', 'yaml', 'get-east-asian-width'],
    types: ['operations', 'elector', 'chalk'],
    why: 'view/ turns results into strings; printing never decides',
  },
  tui: {
    values: ['lease', 'operations', 'view', 'ink', 'react'],
    types: ['platform'],
    why: 'tui/ draws; it reaches no cluster by itself',
  },
  cli: { values: ['*'], types: [], why: 'cli/ ties the rooms together' },
  commands: { values: ['*'], types: [], why: 'commands/ turn argv into a request and a result into words' },
  library: { values: ['*'], types: [], why: 'the library ties the rooms together' },
  index: { values: ['*'], types: [], why: 'what the library shows' },
};

const GLOBALS: { pattern: RegExp; except: string[]; why: string }[] = [
  { pattern: /\bDate\.now\(|\bnew Date\(|\bperformance\.now\(/, except: ['platform'], why: 'time comes from a Clock' },
  { pattern: /\bsetTimeout\(|\bsetInterval\(/, except: ['platform'], why: 'timers come from a Clock' },
  { pattern: /\bMath\.random\(|\brandomUUID\(/, except: ['platform'], why: 'randomness is injected' },
  {
    pattern: /\bprocess\.(exit|argv|env|stdout|stderr|stdin|on)\b/,
    except: ['platform', 'cli'],
    why: 'the process belongs to platform/ and cli/',
  },
  { pattern: /\bconsole\./, except: [], why: 'output goes through Io' },
  {
    pattern: /\blocaleCompare\(|\bIntl\.|\btoLocale/,
    except: [],
    why: 'the ICU collator costs more than a whole `status`',
  },
];

interface Import {
  specifier: string;
  typeOnly: boolean;
}

/** Every static, dynamic and re-export import. `import type` and imports of only `type` names are type-only. */
function importsOf(source: string): Import[] {
  const found: Import[] = [];
  const statics = /^\s*(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s+from\s+)?['"]([^'"]+)['"]/gm;
  for (const [, type, clause, specifier = ''] of source.matchAll(statics)) {
    const names = /^\{([\s\S]*)\}$/.exec(clause?.trim() ?? '')?.[1];
    const onlyTypes = names?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) ?? false;
    found.push({ specifier, typeOnly: type !== undefined || onlyTypes });
  }
  const dynamics = /\bimport\(\s*['"]([^'"]+)['"]\s*\)(\.)?/g;
  for (const [, specifier = ''] of source.matchAll(dynamics)) found.push({ specifier, typeOnly: false });
  return found;
}

const roomOf = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : path.replace(/\.tsx?$/, ''));

function violations(path: string, source: string): string[] {
  const room = roomOf(path);
  const rule = ROOMS[room];
  if (!rule) return [`${path}: there is no room ${room}/ in the table`];
  const broken = importsOf(source)
    .filter((one) => !allowed(room, rule, path, one))
    .map((one) => `${path} imports ${one.specifier}: ${rule.why}`);
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  for (const { pattern, except, why } of GLOBALS) {
    if (!except.includes(room) && pattern.test(code)) broken.push(`${path} uses ${pattern.source}: ${why}`);
  }
  return broken;
}

function allowed(room: string, rule: Room, path: string, { specifier, typeOnly }: Import): boolean {
  const target = targetOf(path, specifier);
  if (target.split('/')[0] === room || rule.values.includes('*')) return true;
  const matches = (name: string) => target === name || target.startsWith(`${name}/`);
  return rule.values.some(matches) || (typeOnly && rule.types.some(matches));
}

/** A room with the file in it, a package, or `node`. */
function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith('node:')) return 'node';
  if (specifier.startsWith('.')) return normalize(join(dirname(path), specifier)).replace(/\.jsx?$/, '');
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

function sources(): { path: string; source: string }[] {
  return readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: relative(src, file), source: readFileSync(file, 'utf8') }));
}

describe('architecture', () => {
  it('reads the sources', () => {
    expect(sources().length).toBeGreaterThan(20);
  });

  it('keeps every import and global in its room', () => {
    expect(sources().flatMap(({ path, source }) => violations(path, source))).toEqual([]);
  });

  it.each([
    ['lease/x.ts', "import { readFileSync } from 'node:fs';"],
    ['lease/x.ts', 'const now = Date.now();'],
    ['lease/x.ts', "import { sleep } from '../platform/clock.js';"],
    ['operations/x.ts', "import { connect } from '../kube/connect.js';"],
    ['operations/x.ts', "import { systemClock, type Clock } from '../platform/clock.js';"],
    ['view/x.ts', "export { leaseStatus } from '../operations/status.js';"],
    ['view/x.ts', "const io = await import('node:http');"],
    ['kube/x.ts', "import { KubeConfig } from '@kubernetes/client-node';"],
    ['sandbox/x.ts', "import { safe } from '../view/safe.js';"],
    ['kube/x.ts', 'setTimeout(() => {}, 1);'],
    ['attic/x.ts', ''],
  ])('sees a violation planted in %s: %s', (path, source) => {
    expect(violations(path, source)).toHaveLength(1);
  });

  it.each([
    ['operations/x.ts', "import type { Clock } from '../platform/clock.js';"],
    ['operations/x.ts', "import { type Clock } from '../platform/clock.js';"],
    ['kube/x.ts', "import type {\n  Pods,\n} from '../operations/ports.js';"],
    ['view/x.ts', '/** Date.now() is not for this room. */'],
  ])('lets through what the table allows in %s: %s', (path, source) => {
    expect(violations(path, source)).toEqual([]);
  });
});
