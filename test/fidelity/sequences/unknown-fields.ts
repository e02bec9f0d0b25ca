import { get, LEASES, post, put, type Sequence } from '../sequence.js';

const UNKNOWN =
  '{"metadata":{"name":"NAME","colour":"red"},"spec":{"holderIdentity":"x","nonsense":{"a":1}},"extra":[]}';
const TWICE = '{"metadata":{"name":"NAME","name":"NAME"},"spec":{"holderIdentity":"x","holderIdentity":"y"}}';
const CASE = '{"metadata":{"name":"NAME"},"spec":{"holderidentity":"x"}}';

const three = (body: string, letter: string) =>
  ['Ignore', 'Warn', 'Strict', ''].map((mode, i) =>
    post(`${LEASES}${mode === '' ? '' : `?fieldValidation=${mode}`}`, body.replaceAll('NAME', `${letter}${i}`)),
  );

export const unknownFields: Sequence[] = [
  { name: 'unknown members in a creation', steps: three(UNKNOWN, 'a') },
  { name: 'members written twice in a creation', steps: three(TWICE, 'a') },
  { name: 'members in another case in a creation', steps: three(CASE, 'a') },
  {
    name: 'unknown members in a PUT',
    steps: [
      put(`${LEASES}/a`, '{"metadata":{"name":"a"},"spec":{"nonsense":1}}'),
      put(`${LEASES}/a?fieldValidation=Strict`, '{"metadata":{"name":"a","resourceVersion":"{{rv:a}}"},"nonsense":1}'),
      put(`${LEASES}/a?fieldValidation=Ignore`, '{"metadata":{"name":"a","resourceVersion":"{{rv:a}}"},"nonsense":1}'),
      put(
        `${LEASES}/a?fieldValidation=Warn`,
        '{"metadata":{"name":"a","resourceVersion":"{{rv:a}}"},"spec":{"x\\"y":1,"ä":2}}',
      ),
      get(`${LEASES}/a`),
    ],
  },
  {
    name: 'unknown members in places of their own',
    steps: [
      post(
        LEASES,
        '{"metadata":{"name":"a","ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u","zip":1}]}}',
      ),
      post(`${LEASES}?fieldValidation=Strict`, '{"metadata":{"name":"b","labels":{"a":"1","a":"2"}}}'),
      post(LEASES, '{"metadata":{"name":"c","managedFields":[{"manager":"m","operation":"Update","zip":1}]}}'),
      post(LEASES, '{"metadata":{"name":"d"},"status":{}}'),
      post(`${LEASES}?fieldValidation=Strict`, '{"metadata":{"name":"e"},"spec":{"a":1,"b":2},"spec":{"c":3}}'),
      post(
        `${LEASES}?fieldValidation=Strict`,
        '{"metadata":{"name":"f"},"spec":{"leaseDurationSeconds":"x","nonsense":1}}',
      ),
      post(`${LEASES}?fieldValidation=Strict`, '{"metadata":{"name":"g","clusterName":"x"}}'),
    ],
  },
];
