/** Files of YAML objects for the sandbox, with line and column for whatever is wrong. */
import { isMap, isScalar, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { UsageError } from './errors.js';

export interface DataObject {
  object: unknown;
  /** `FILE:LINE:COLUMN`, where the object begins. */
  at: string;
}

/** The objects of a file; the items of a `List` one by one. Throws UsageError at the first thing that is no object. */
export function readObjects(file: string, text: string): DataObject[] {
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const objects: DataObject[] = [];
  for (const document of parseAllDocuments(text, { lineCounter: lines })) {
    const [error] = document.errors;
    if (error) throw new UsageError(`${place(error.pos[0])}: ${(error.message.split(/ at line |\n/)[0] ?? '').trim()}`);
    const node = document.contents as Node | null;
    if (node === null || (isScalar(node) && node.value === null)) continue;
    const at = place(node.range?.[0] ?? 0);
    if (!isMap(node)) throw new UsageError(`${at}: this is no object`, ['each document is a Kubernetes object']);
    objects.push(...(itemsOf(node, place) ?? [checked(document.toJS(), at)]));
  }
  return objects;
}

function itemsOf(node: Node, place: (offset: number) => string): DataObject[] | undefined {
  if (!isMap(node)) return undefined;
  const kind = node.get('kind');
  const items = node.get('items');
  if (typeof kind !== 'string' || !kind.endsWith('List') || typeof items !== 'object' || items === null)
    return undefined;
  const { items: nodes } = items as { items: Node[] };
  return nodes.map((item) => checked(item.toJSON(), place(item.range?.[0] ?? 0)));
}

function checked(object: unknown, at: string): DataObject {
  const { apiVersion, kind } = (object ?? {}) as Record<string, unknown>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    throw new UsageError(`${at}: apiVersion and kind are missing`, [
      'a Lease begins with `apiVersion: coordination.k8s.io/v1` and `kind: Lease`',
    ]);
  }
  return { object, at };
}
