import { UsageError } from './errors.js';
import { CONTEXT } from './sandbox-kubeconfig.js';

export interface UserOption {
  name: string;
  token: string;
  rules: 'all' | { verb: string; resource: string }[];
}

const FORM = [
  'write NAME=VERB:RESOURCE,…, such as ci=get:leases,list:leases',
  '*:* allows all, nothing after = allows nothing',
];

/** Reads `--user NAME=RULES`. The user's token is `NAME-token`, its context NAME. */
export function parseUser(text: string): UserOption {
  const match = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?)=(.*)$/i.exec(text);
  if (!match) throw new UsageError(`--user: ${JSON.stringify(text)} is not NAME=RULES`, FORM);
  const [, name = '', , list = ''] = match;
  if (name === CONTEXT) throw new UsageError(`--user: ${name} is the administrator`, ['choose another name']);
  const rules = list === '' ? [] : list.split(',').map((rule) => parseRule(rule, text));
  const all = rules.some((rule) => rule.verb === '*' && rule.resource === '*');
  return { name, token: `${name}-token`, rules: all ? 'all' : rules };
}

function parseRule(rule: string, whole: string): { verb: string; resource: string } {
  const [, verb, resource] = /^(\*|[a-z]+):(\*|[a-z]+(?:\/[a-z]+)?)$/.exec(rule.trim()) ?? [];
  if (verb === undefined || resource === undefined) {
    throw new UsageError(`--user: ${JSON.stringify(rule)} in ${JSON.stringify(whole)} is not VERB:RESOURCE`, FORM);
  }
  return { verb, resource };
}
