/**
 * Bundles src/ into dist/: one chunk a verb and lazy chunks for all that `kle status` does not need. Why so, and what it
 * saves: docs/adr/0004-bundling.md.
 *
 *   node scripts/build.mjs            builds
 *   node scripts/build.mjs --report   and says what is in each chunk
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { libraryTypes } from './library-types.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

/** Parts of oclif that kle never calls but its Command, flags and logger mention: what is left out is not parsed either. */
const UNUSED = [
  { importer: /lib[\\/]command\.js$/, path: /^\.\/(config|help\/util)$/ },
  { importer: /lib[\\/]flags\.js$/, path: /^\.\/help$/ },
  { importer: /lib[\\/]ux[\\/]index\.js$/, path: /^\.\/(action\/spinner|colorize-json)$/ },
  { importer: /lib[\\/]logger\.js$/, path: /^debug$/ },
];

/**
 * oclif is CommonJS whose files require all of their neighbours when loaded. Each `const x_1 = require(…)` that its
 * compiler wrote becomes a getter, so that a module is evaluated when it is first used.
 */
const lazyOclif = {
  name: 'lazy-oclif',
  setup(plugin) {
    plugin.onResolve({ filter: /^(\.|debug$)/ }, ({ importer, path }) => {
      const unused =
        importer.includes('@oclif') && UNUSED.some((one) => one.importer.test(importer) && one.path.test(path));
      return unused ? { path, namespace: 'unused' } : undefined;
    });
    plugin.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({
      contents: 'module.exports = () => () => {};',
      loader: 'js',
    }));
    plugin.onLoad({ filter: /@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: lazyRequires(path.endsWith('lib/command.js') ? withoutThrow(source) : source), loader: 'js' };
    });
  },
};

/** oclif throws what stdout cannot take, other than EPIPE; a terminal that was closed (EIO) is for platform/io.ts to judge. */
function withoutThrow(source) {
  const listener = /^process\.stdout\.on\('error', [\s\S]*?^\}\);$/m;
  if (!listener.test(source)) throw new Error('oclif listens to stdout in another way now');
  return source.replace(listener, '');
}

function lazyRequires(source) {
  const names = [];
  const lazy = source.replace(
    /^const (\w+_\d+|Errors|Parser) = (__importDefault\(|__importStar\()?require\("([^"]+)"\)\)?;$/gm,
    (_, name, wrap = '', id) => {
      names.push(name);
      return `let ${name}$; const ${name}$get = () => ${name}$ ??= ${wrap}require("${id}")${wrap && ')'};`;
    },
  );
  const use = (text, name) => text.replace(new RegExp(`(?<![\\w$])${name}(?![\\w$])`, 'g'), `(${name}$get())`);
  return names.reduce(use, lazy);
}

/** The live screen is no chunk of the rest: ink needs top-level await, which CommonJS does not have. */
const screenApart = {
  name: 'screen-apart',
  setup(plugin) {
    plugin.onResolve({ filter: /\/tui\/start\.js$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: SCREEN, external: true } : undefined,
    );
  },
};
const SCREEN = 'kle:screen';

/** What ink imports and kle has no use for; the second would blank the screen wherever the variable CI is set. */
const screenStubs = {
  name: 'screen-stubs',
  setup(plugin) {
    const stubs = { './devtools.js': '', 'is-in-ci': 'export default false;' };
    plugin.onResolve({ filter: /^(\.\/devtools\.js|is-in-ci)$/ }, ({ path }) => ({ path, namespace: 'stub' }));
    plugin.onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({ contents: stubs[path], loader: 'js' }));
  },
};

/** ink keeps the measure of every text it ever saw, and a live screen has new ones each second: its memory would grow. */
const boundedInkCaches = {
  name: 'bounded-ink-caches',
  setup(plugin) {
    plugin.onLoad({ filter: /[\\/]ink[\\/]build[\\/](measure|wrap)-text\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source
        .replace('cache.set(text, dimensions);', 'if (cache.size >= 500) cache.clear(); $&')
        .replace('cache[cacheKey] = wrappedText;', '');
      if (contents === source) throw new Error(`${path} keeps its cache in another way now`);
      return { contents, loader: 'js' };
    });
  },
};

/** Node loads CommonJS without its ES module loader, which costs several milliseconds at every start. */
async function toCommonJs(file, text) {
  // The one import() that stays one.
  const kept = text.replaceAll(`import("${SCREEN}")`, '$importScreen()');
  const { code } = await transform(kept, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    supported: { 'dynamic-import': false },
  });
  const screen = relative(dirname(file), 'screen.mjs');
  return code.replaceAll('$importScreen()', `import("${screen.startsWith('.') ? screen : `./${screen}`}")`);
}

const BUNDLED_LICENCES = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  '(MIT OR CC0-1.0)',
]);

/** The licence texts of every package that is bundled. */
function thirdPartyLicences(inputs) {
  const packages = new Set();
  for (const input of Object.keys(inputs)) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.add(found[1]);
  }
  return [...packages].sort().map((folder) => {
    const at = join(root, folder);
    const { name, version, license } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
    if (!BUNDLED_LICENCES.has(license))
      throw new Error(`${name} ${version} has the licence ${license}: may it be bundled?`);
    const file = readdirSync(at).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file ? readFileSync(join(at, file), 'utf8').trim() : `Licence: ${license} (no text in the package)`;
    return `${name} ${version}\n\n${text}\n`;
  });
}

const result = await build({
  absWorkingDir: root,
  entryPoints: { cli: 'src/cli/main.ts' },
  outdir: dist,
  write: false,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
  chunkNames: 'chunks/[name]-[hash]',
  plugins: [lazyOclif, screenApart],
});

const screen = await build({
  absWorkingDir: root,
  entryPoints: { screen: 'src/tui/start.tsx' },
  outdir: dist,
  outExtension: { '.js': '.mjs' },
  write: false,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
  // Some of what is bundled is CommonJS and requires Node's own modules.
  banner: { js: "import { createRequire as $require } from 'node:module'; const require = $require(import.meta.url);" },
  // yoga reads its own WebAssembly with fetch if it can, and fetch loads undici: 20 ms.
  define: { 'process.env.NODE_ENV': '"production"', fetch: 'undefined' },
  plugins: [screenStubs, boundedInkCaches],
});

/** The watchdog is a process of its own for every supervised command: one small file, loaded alone. */
const watchdog = await build({
  absWorkingDir: root,
  entryPoints: { watchdog: 'src/supervise/watchdog-main.ts' },
  outdir: dist,
  write: false,
  bundle: true,
  minify: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
});

/** What `import 'kle'` loads; apart, what only some kubeconfigs need. */
const library = await build({
  absWorkingDir: root,
  entryPoints: { index: 'src/index.ts' },
  outdir: dist,
  outExtension: { '.js': '.mjs' },
  write: false,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  metafile: true,
  legalComments: 'none',
  chunkNames: 'library/[name]-[hash]',
  logLevel: 'warning',
  // yaml is CommonJS and requires Node's own modules.
  banner: { js: "import { createRequire as $require } from 'node:module'; const require = $require(import.meta.url);" },
});

const files = new Map();
for (const file of library.outputFiles) files.set(relative(dist, file.path), file.text);
// Beside an .mjs: TypeScript would read a .d.ts of this folder as that of CommonJS.
files.set('index.d.mts', libraryTypes(root));
for (const file of watchdog.outputFiles) files.set(relative(dist, file.path), file.text);
for (const file of result.outputFiles) {
  const name = relative(dist, file.path);
  files.set(name, await toCommonJs(name, file.text));
}
for (const file of screen.outputFiles) files.set(relative(dist, file.path), file.text);
files.set('package.json', '{ "type": "commonjs" }\n');
files.set(
  'THIRD-PARTY-LICENSES.txt',
  thirdPartyLicences({ ...result.metafile.inputs, ...screen.metafile.inputs, ...library.metafile.inputs }).join(
    `\n${'-'.repeat(80)}\n\n`,
  ),
);
replaceFolder(dist, files);

/** What is the same stays untouched, so that a build beside running tests does not take their files away. */
function replaceFolder(folder, wanted) {
  for (const name of wanted.keys()) mkdirSync(dirname(join(folder, name)), { recursive: true });
  for (const [name, text] of wanted) {
    const path = join(folder, name);
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
  }
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !wanted.has(relative(folder, path))) rmSync(path, { force: true });
  }
}

if (process.argv.includes('--report')) {
  for (const [file, { inputs }] of Object.entries({
    ...result.metafile.outputs,
    ...screen.metafile.outputs,
    ...library.metafile.outputs,
  })) {
    const largest = Object.entries(inputs).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput);
    process.stdout.write(`${relative(dist, join(root, file))} ${readFileSync(join(root, file)).length}\n`);
    for (const [name, { bytesInOutput }] of largest.slice(0, 12))
      process.stdout.write(`    ${bytesInOutput} ${name}\n`);
  }
}
