/** Bundles src/ into dist/: one hot file for the command line, lazy chunks for all that `kle status` does not need. */
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

/**
 * oclif is CommonJS whose files require all of their neighbours when loaded: help, config loading, spinners. Each
 * `const x_1 = require(…)` that its compiler wrote becomes a getter, so that a module is evaluated when first used.
 */
const lazyOclif = {
  name: 'lazy-oclif',
  setup(plugin) {
    plugin.onLoad({ filter: /@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: lazyRequires(source), loader: 'js' };
    });
  },
};

function lazyRequires(source) {
  const names = [];
  const lazy = source.replace(
    /^const (\w+_\d+|Errors|Parser) = (__importDefault\(|__importStar\()?require\("(\.[^"]*|[^."][^"]*)"\)\)?;$/gm,
    (whole, name, wrap, id) => {
      if (id.startsWith('node:')) return whole;
      names.push(name);
      return `let ${name}$; const ${name}$get = () => ${name}$ ??= ${wrap ?? ''}require("${id}")${wrap ? ')' : ''};`;
    },
  );
  return names.reduce(
    (text, name) => text.replace(new RegExp(`(?<![\\w$])${name}(?![\\w$])`, 'g'), `(${name}$get())`),
    lazy,
  );
}

rmSync(dist, { recursive: true, force: true });
const result = await build({
  absWorkingDir: root,
  entryPoints: { cli: 'src/cli/main.ts' },
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minify: true,
  keepNames: false,
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
  chunkNames: 'chunks/[name]-[hash]',
  // CommonJS dependencies call require() for Node's own modules.
  banner: {
    js: "import { createRequire as kleRequire } from 'node:module'; const require = kleRequire(import.meta.url);",
  },
  plugins: [lazyOclif],
});
if (process.argv.includes('--report')) {
  for (const [file, { bytes, inputs }] of Object.entries(result.metafile.outputs)) {
    const largest = Object.entries(inputs).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput);
    console.log(`${file} ${bytes}`);
    for (const [name, { bytesInOutput }] of largest.slice(0, 12)) console.log(`    ${bytesInOutput} ${name}`);
  }
}
