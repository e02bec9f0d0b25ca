import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConnectError } from '../http/connection.js';
import { readPlainYaml } from './plain-yaml.js';
import { parseYaml } from './yaml-text.js';

/** What `kubectl config`, kind, minikube, k3s, gcloud and aws write. */
const WRITTEN_BY_TOOLS = `---
# a comment
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==
    extensions:
    - extension:
        last-update: "Fri, 20 Nov 2026 10:00:00 UTC"
        provider: minikube.sigs.k8s.io
      name: cluster_info
    insecure-skip-tls-verify: true
    server: https://127.0.0.1:6443
  name: arn:aws:eks:eu-west-1:111122223333:cluster/one
contexts:
  - context:
      cluster: kind-kind
      user: kind-kind
    name: kind-kind
current-context: ""
kind: Config
preferences: {}
users:
- name: admin
  user:
    client-certificate: /home/me/.minikube/client.crt
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - --region
      - eu-west-1
      command: aws
      env:
      - name: AWS_PROFILE
        value: 'my profile'
      interactiveMode: IfAvailable
      provideClusterInfo: false
    password:
- name: empty
  user: {}
`;

describe('the plain reader', () => {
  test('reads what tools write, as the YAML parser does', () => {
    // `--region` starts with a dash, which the reader leaves alone; all else it must take.
    const text = WRITTEN_BY_TOOLS.replace('- --region', "- '--region'");
    expect(readPlainYaml(text)).toBeDefined();
    expect(readPlainYaml(text)).toEqual(parseYaml(text, 'f'));
  });

  test.each([
    ['a number', 'a: 1'],
    ['a date', 'a: 2020-01-01'],
    ['a YAML 1.1 word', 'a: yes'],
    ['a YAML 1.1 word as key', 'n: a'],
    ['null', 'a: null'],
    ['a comment behind a value', 'a: b # c'],
    ['an escape', 'a: "\\n"'],
    ['two quotes in a quoted string', "a: 'b''c'"],
    ['flow', 'a: {b: c}'],
    ['an anchor', 'a: &b c'],
    ['a block string', 'a: |\n  b'],
    ['a value that goes on', 'a: b\n  c'],
    ['a repeated key', 'a: b\na: c'],
    ['a second document', 'a: b\n---\na: c'],
    ['a tab', 'a:\tb'],
    ['wrong indentation', 'a:\n    b: c\n  d: e'],
    ['a bare dash', 'a:\n-\n'],
    ['a list in a list', '- - a'],
    ['a scalar alone', 'a'],
    ['a colon at the end', 'a: b:'],
    ['a key that would be a prototype', '__proto__: a'],
    ['nothing', '# only this\n'],
  ])('leaves %s', (_, text) => {
    expect(readPlainYaml(text)).toBeUndefined();
  });

  test('whatever it takes, the YAML parser reads in the same way', () => {
    const piece = fc.constantFrom(
      ...[
        'a: b',
        'b:',
        'c: "x: y"',
        "d: 'it''s'",
        '- a',
        '- a: b',
        '-  b: c',
        '- b:',
        '-',
        '- - a',
        'e: {}',
        'f: []',
        'x',
      ],
      ...[
        'g: true',
        'h: 1',
        'i: a b',
        'j: https://h:1/',
        'k: a:',
        'l: "',
        '# c',
        '',
        'm: a # c',
        '---',
        'n: a',
        'o: |',
      ],
      ...[
        'p: y',
        'q: ~',
        'r: /p',
        's: ""',
        '- ""',
        '- {}',
        't : a',
        'u:v',
        'w: a=',
        '"x": y',
        'a: -',
        '- -a',
        'z: a,b',
      ],
    );
    const line = fc.tuple(fc.integer({ min: 0, max: 5 }), piece).map(([n, text]) => `${' '.repeat(n)}${text}`);
    const steady = fc.tuple(fc.constantFrom(0, 2, 4), piece).map(([n, text]) => `${' '.repeat(n)}${text}`);
    const texts = fc.oneof(fc.array(line, { maxLength: 6 }), fc.array(steady, { maxLength: 8 }));
    let taken = 0;
    fc.assert(
      fc.property(texts, (lines) => {
        const text = lines.join('\n');
        const plain = readPlainYaml(text);
        if (plain === undefined) return;
        taken++;
        expect(plain).toEqual(parseYaml(text, 'f'));
      }),
      { numRuns: 20_000 },
    );
    expect(taken).toBeGreaterThan(1000);
  });

  test('the YAML parser quotes nothing of a broken file', () => {
    const problem = (): unknown => parseYaml('a: "SECRET\nb: [SECRET\n SECRET: - SECRET', 'f');
    expect(problem).toThrow(ConnectError);
    expect(problem).not.toThrow(/SECRET/);
  });
});
