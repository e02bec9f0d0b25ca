/** Which form an answer takes, from Accept (apiserver pkg/endpoints/handlers/negotiation, go-restful route selection). */
import { notAcceptable, notAcceptableRoute } from '../status.js';
import type { Call } from './call.js';

/** What kube-apiserver lists; the sandbox writes JSON only. */
export const MEDIA_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const STREAM_TYPES = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];

export type OutputForm =
  | 'object'
  | { kind: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'; version: string };

interface Clause {
  type: string;
  parameters: Map<string, string>;
  quality: number;
}

export function parseAccept(header: string): Clause[] {
  const clauses = header.split(',').map((text): Clause => {
    const [type = '', ...rest] = text.split(';').map((part) => part.trim());
    const parameters = new Map(
      rest.map((part) => {
        const [name = '', value = ''] = part.split('=', 2);
        return [name, value] as const;
      }),
    );
    const quality = Number(parameters.get('q') ?? 1);
    return { type, parameters, quality: Number.isNaN(quality) ? 1 : quality };
  });
  return clauses.sort((a, b) => b.quality - a.quality);
}

/** Routes refuse what they never produce before a handler looks at it; a wildcard of one type is no wildcard to them. */
export function checkRoute(call: Call, streams: boolean): void {
  const accept = call.header('accept') ?? '';
  if (accept === '') return;
  const produced = streams ? [...MEDIA_TYPES, ...STREAM_TYPES] : MEDIA_TYPES;
  const types = accept.split(',').map((part) => (part.split(';')[0] ?? '').trim());
  if (types.some((type) => type === '*/*' || produced.includes(type))) return;
  throw notAcceptableRoute(`406: Not Acceptable\n\nAvailable representations: ${produced.join(', ')}`);
}

/** The form of the first clause that can be met; `tables`: whether there are any, or no other form at all. Throws 406. */
export function outputForm(call: Call, tables: boolean | 'none'): OutputForm {
  for (const { type, parameters } of parseAccept(call.header('accept') || '*/*')) {
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    const kind = parameters.get('as');
    if (kind === undefined && !parameters.has('g') && !parameters.has('v')) return 'object';
    if (tables === 'none') continue;
    const version = parameters.get('v') ?? '';
    if (parameters.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) continue;
    if (kind === 'Table' && tables) return { kind, version };
    if (kind === 'PartialObjectMetadata' || kind === 'PartialObjectMetadataList') return { kind, version };
  }
  throw notAcceptable(`only the following media types are accepted: ${MEDIA_TYPES.join(', ')}`);
}

/** Humans get indented answers: asked for, or a browser or curl. */
export function isPretty(call: Call): boolean {
  const asked = call.query.get('pretty');
  if (asked) return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(asked);
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(call.header('user-agent') ?? '');
}
