import { del, get, LEASES, lease, post, put, type Sequence } from '../sequence.js';

const accept = (text: string) => ({ headers: { accept: text } });
const type = (text: string) => ({ headers: { 'content-type': text } });
const patch = (contentType: string, body = '{}') => ({
  method: 'PATCH',
  path: `${LEASES}/a`,
  body,
  ...type(contentType),
});
/** Near the limit of the server, which is 3 MiB. */
const big = (bytes: number) => `{"metadata":{"name":"big"},"x":"${'x'.repeat(bytes)}"}`;
const kind = (body: unknown) => String((body as { kind?: unknown }).kind);

export const refusals: Sequence[] = [
  {
    name: 'forms that are not served',
    steps: [
      post(LEASES, lease('a')),
      ...[
        'text/html',
        'application/*',
        'text/*',
        'application/xml, text/plain',
        'nonsense',
        ';',
        'application/json;q=0',
        'application/cbor',
      ].map((text) => get(`${LEASES}/a`, accept(text))),
      get(LEASES, accept('text/html')),
      post(LEASES, lease('b'), accept('text/html')),
      put(`${LEASES}/a`, lease('a'), accept('text/html')),
      { method: 'DELETE', path: `${LEASES}/a`, ...accept('text/html') },
      get(`${LEASES}?watch=true`, accept('text/html')),
    ],
  },
  {
    name: 'forms that are served',
    steps: [
      post(LEASES, lease('a')),
      ...[
        '',
        '*/*',
        'application/json',
        'application/json; charset=utf-8',
        'text/html, */*',
        'application/json;q=0.1, text/html',
        'text/html,application/json',
      ].map((text) => get(`${LEASES}/a`, { ...accept(text), view: kind })),
    ],
  },
  {
    name: 'bodies of other types',
    steps: [
      ...[
        'text/plain',
        'application/xml',
        'application/x-www-form-urlencoded',
        'application/cbor',
        'nonsense',
        'application/merge-patch+json',
      ].map((text) => post(LEASES, lease('a'), type(text))),
      put(`${LEASES}/a`, lease('a'), type('text/plain')),
      post(LEASES, lease('a'), type('')),
      post(LEASES, lease('b'), type('application/json; charset=latin1')),
      post(LEASES, lease('c'), type('APPLICATION/JSON')),
      del(`${LEASES}/b`, '{}', type('text/plain')),
      del(`${LEASES}/b`, '{}', type('')),
    ],
  },
  {
    name: 'patches of other types',
    steps: [
      post(LEASES, lease('a')),
      patch('application/json'),
      patch('text/plain'),
      patch(''),
      patch('application/merge-patch+json; charset=utf-8'),
      patch('Application/Merge-Patch+JSON'),
      patch('application/strategic-merge-patch+yaml'),
      patch('application/json-patch+json', '{}'),
    ],
  },
  {
    name: 'methods that do not fit',
    steps: [
      post(`${LEASES}/a`, lease('a')),
      put(LEASES, lease('a')),
      { method: 'PATCH', path: LEASES, body: '{}', ...type('application/merge-patch+json') },
      post('/apis/coordination.k8s.io/v1/leases', lease('a')),
      put('/apis/coordination.k8s.io/v1/leases', lease('a')),
      del('/apis/coordination.k8s.io/v1/leases'),
      { method: 'OPTIONS', path: LEASES },
      { method: 'TRACE', path: LEASES },
      { method: 'PROPFIND', path: LEASES },
      { method: 'HEAD', path: LEASES },
      { method: 'HEAD', path: `${LEASES}/a` },
      post('/healthz', 'x', { view: () => 'allowed' }),
    ],
  },
  {
    name: 'bodies that are too large',
    steps: [
      post(LEASES, big(3 * 1024 * 1024)),
      put(`${LEASES}/big`, big(3 * 1024 * 1024)),
      patch('application/merge-patch+json', big(3 * 1024 * 1024)),
      del(`${LEASES}/a`, big(3 * 1024 * 1024)),
      post(`${LEASES}?fieldValidation=Ignore`, big(3 * 1024 * 1024 - 1000), { view: kind }),
    ],
  },
  {
    name: 'JSON that is too deep or too strange',
    steps: [
      post(LEASES, `{"metadata":{"name":"a"},"x":${'['.repeat(9_000)}${']'.repeat(9_000)}}`, { view: kind }),
      post(LEASES, `{"metadata":{"name":"b"},"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
      post(LEASES, '{"metadata":{"name":"c"},"x":1e999}'),
      post(LEASES, '{"metadata":{"name":"d"},"x":"\\x"}'),
      post(LEASES, '{"metadata":{"name":"e"},"x":NaN}'),
      post(LEASES, '{"metadata":{"name":"f"} /* no */}'),
      post(LEASES, '{"metadata":{"name":"\\u00"}}'),
      post(LEASES, '{"metadata":{"name":"g"},"__proto__":{"x":1}}'),
      post(`${LEASES}?fieldValidation=Strict`, '{"metadata":{"name":"h"},"constructor":1,"spec":{"toString":1}}'),
    ],
  },
  {
    name: 'queries that are odd',
    steps: [
      post(LEASES, lease('a')),
      get(`${LEASES}/a?&&x=1&=&`),
      get(`${LEASES}/a?pretty=true`),
      get(`${LEASES}?timeoutSeconds=x`),
      get(`${LEASES}?timeoutSeconds=-1&limit=1`),
      get(`${LEASES}?allowWatchBookmarks=perhaps&limit=1`),
      get(`${LEASES}?watch=false&limit=1`),
      get(`${LEASES}?watch=0&limit=1`),
      get(`${LEASES}/a?watch=true`),
      get(`${LEASES}/%61`),
      get(`${LEASES}/a%2Fb`),
      get(`${LEASES}/a?resourceVersion=%zz`),
    ],
  },
];
