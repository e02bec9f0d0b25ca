/**
 * The library's declarations as one file that imports nothing: what tsc emits for src/index.ts, less everything that its
 * exports do not reach. Statements are told apart by their first column, as tsc prints them.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const HEAD = `/// <reference lib="esnext.disposable" />
`;

export function libraryTypes(root) {
  const folder = mkdtempSync(join(tmpdir(), 'kle-types-'));
  try {
    emit(root, folder);
    return rollUp(join(folder, 'index.d.ts'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function emit(root, folder) {
  const config = join(folder, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    // `npm run check` checks; here only the text is wanted.
    noCheck: true,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: join(root, 'src'),
    outDir: folder,
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const options = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions,
    include: [],
    files: [join(root, 'src/index.ts')],
  };
  writeFileSync(config, JSON.stringify(options));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', config], { stdio: 'inherit' });
}

/** Exported names of the entry and whatever they mention, each once, in the order in which they are met. */
function rollUp(entry) {
  const files = new Map();
  const fileAt = (path) => files.get(path) ?? files.set(path, parse(path)).get(path);
  const taken = new Map();
  const order = [];
  const take = (path, name, exported) => {
    const found = find(fileAt, path, name);
    if (!found) return;
    const key = `${found.path} ${found.name}`;
    const holder = taken.get(found.name);
    if (holder && holder.key !== key) throw new Error(`two declarations are called ${found.name}`);
    if (holder) {
      holder.exported ||= exported;
      return;
    }
    const entryOf = { key, exported, text: found.text };
    taken.set(found.name, entryOf);
    order.push(entryOf);
    for (const word of mentioned(found.text)) if (word !== found.name) take(found.path, word, false);
  };
  for (const { path, name } of exportsOf(fileAt, entry)) take(path, name, true);
  const body = order.map(({ text, exported }) => (exported ? text : text.replace(/^export /m, ''))).join('');
  if (/^import |^export .* from /m.test(body)) throw new Error('the declarations import something');
  return `${HEAD}${body}export {};\n`;
}

/** Identifiers outside comments and strings; a name that is no declaration of its file is not found later. */
function mentioned(text) {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/'[^']*'|"[^"]*"/g, '');
  return new Set(code.match(/\b[A-Za-z_]\w*\b/g));
}

const STARTS = /^(?:export |declare |import |type |interface |\/\*\*)/;

function parse(path) {
  const declarations = new Map();
  const names = new Map();
  const stars = [];
  let comment = '';
  for (const chunk of statements(readFileSync(path, 'utf8'))) {
    if (chunk.startsWith('/**') && !/^(?:export|declare|type|interface)\b/m.test(chunk)) {
      comment = chunk;
      continue;
    }
    const from = /^(?:import|export) (?:type )?(\*|\{[\s\S]*?\}) from ['"](\.[^'"]+)\.js['"];/.exec(chunk);
    if (from) {
      const target = join(dirname(path), `${from[2]}.d.ts`);
      if (from[1] === '*') stars.push(target);
      else
        for (const [name, source] of listed(from[1]))
          names.set(name, { path: target, name: source, out: chunk.startsWith('export') });
    }
    const declared = /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|const|function) (\w+)/.exec(
      chunk,
    );
    if (declared) declarations.set(declared[1], comment + chunk);
    comment = '';
  }
  return { declarations, names, stars };
}

const listed = (braces) =>
  braces
    .slice(1, -1)
    .split(',')
    .map((one) => one.replace(/^\s*type /, '').trim())
    .filter(Boolean)
    .map((one) => {
      const [source, name = source] = one.split(' as ');
      return [name, source];
    });

/** A comment within a statement starts at the first column too: what follows it tells them apart. */
function* statements(text) {
  let current = '';
  const lines = text.split('\n');
  let pending = '';
  let inComment = false;
  for (const line of lines) {
    if (!inComment && line.startsWith('/**')) {
      pending += `${line}\n`;
      inComment = !line.includes('*/');
      continue;
    }
    if (inComment) {
      pending += `${line}\n`;
      if (line.includes('*/')) inComment = false;
      continue;
    }
    if (STARTS.test(line)) {
      if (current) yield current;
      // Of several comments only the last belongs to the statement: the first is the file's.
      if (pending) yield pending.slice(pending.lastIndexOf('/**'));
      current = `${line}\n`;
    } else current += pending + (line ? `${line}\n` : '');
    pending = '';
  }
  if (current) yield current;
}

function find(fileAt, path, name) {
  const { declarations, names } = fileAt(path);
  const text = declarations.get(name);
  if (text !== undefined) return { path, name, text };
  const elsewhere = names.get(name);
  return elsewhere && find(fileAt, elsewhere.path, elsewhere.name);
}

function exportsOf(fileAt, entry) {
  const { declarations, names, stars } = fileAt(entry);
  const own = [...declarations].filter(([, text]) => /^export /m.test(text)).map(([name]) => ({ path: entry, name }));
  const named = [...names].filter(([, { out }]) => out).map(([name]) => ({ path: entry, name }));
  return [...named, ...own, ...stars.flatMap((path) => exportsOf(fileAt, path))];
}
