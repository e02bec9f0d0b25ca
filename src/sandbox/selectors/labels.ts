/** Label selectors, read and refused as apimachinery pkg/labels/selector.go does. */
import type { KubeObject } from '../json/value.js';
import { errorText, type FieldError, fieldInvalid } from '../validation/field-error.js';
import { labelValueErrors, qualifiedNameErrors } from '../validation/names.js';

export type LabelSelector = (labels: { [key: string]: string }) => boolean;

type Operator = 'in' | 'notin' | '=' | '==' | '!=' | 'gt' | 'lt' | 'exists' | '!';
type Token = { is: 'identifier' | 'end' | '(' | ')' | ',' | '!' | Operator | 'error'; text: string };

const SPECIAL = '=!(),<>';
const SYMBOLS: { [text: string]: Token['is'] } = {
  ')': ')',
  ',': ',',
  '!': '!',
  '==': '==',
  '=': '=',
  '>': 'gt',
  '<': 'lt',
  '!=': '!=',
  '(': '(',
};
const BINARY = 'in, notin, =, ==, !=, gt, lt';

/** Throws an Error whose message is the server's. */
export function parseLabelSelector(text: string): LabelSelector {
  const parser = new Parser(tokens(text));
  const requirements = parser.parse();
  return (labels) => requirements.every((matches) => matches(labels));
}

export const labelsOf = (object: KubeObject): { [key: string]: string } => object.metadata.labels ?? {};

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/[ \t\r\n]/.test(char)) at++;
    else if (SPECIAL.includes(char)) {
      const two = text.slice(at, at + 2);
      const symbol = SYMBOLS[two] ? two : char;
      found.push({ is: SYMBOLS[symbol] ?? 'error', text: symbol });
      at += symbol.length;
    } else {
      const word = /^[^=!(),<> \t\r\n]+/.exec(text.slice(at))?.[0] ?? char;
      found.push({ is: word === 'in' || word === 'notin' ? word : 'identifier', text: word });
      at += word.length;
    }
  }
  return found;
}

class Parser {
  private at = 0;
  private readonly tokens: Token[];

  constructor(found: Token[]) {
    this.tokens = found;
  }

  parse(): LabelSelector[] {
    const requirements: LabelSelector[] = [];
    for (;;) {
      const token = this.peek();
      if (token.is === 'end') return requirements;
      if (token.is !== 'identifier' && token.is !== '!') {
        throw new Error(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      }
      try {
        requirements.push(this.requirement());
      } catch (error) {
        throw new Error(`unable to parse requirement: ${(error as Error).message}`);
      }
      const next = this.take();
      if (next.is === 'end') return requirements;
      if (next.is !== ',') throw new Error(`found '${next.text}', expected: ',' or 'end of string'`);
      const after = this.peek();
      if (after.is !== 'identifier' && after.is !== '!') {
        throw new Error(`found '${after.text}', expected: identifier after ','`);
      }
    }
  }

  /** Keywords are values where a value may stand. */
  private peek(asValue = true): Token {
    const token = this.tokens[this.at] ?? { is: 'end', text: '' };
    return asValue && (token.is === 'in' || token.is === 'notin') ? { ...token, is: 'identifier' } : token;
  }

  private take(asValue = true): Token {
    const token = this.peek(asValue);
    this.at++;
    return token;
  }

  private requirement(): LabelSelector {
    let token = this.take();
    const negated = token.is === '!';
    if (negated) token = this.take();
    if (token.is !== 'identifier') throw new Error(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const keyErrors = qualifiedNameErrors(key);
    if (keyErrors.length > 0) throw new Error(`<nil>: ${fieldInvalid('', key, keyErrors.join('; ')).body}`);
    const next = this.peek().is;
    if (negated) return requirementOf(key, '!', []);
    if (next === 'end' || next === ',') return requirementOf(key, 'exists', []);
    const operator = this.take(false);
    if (!['in', 'notin', '=', '==', '!=', 'gt', 'lt'].includes(operator.is)) {
      throw new Error(`found '${operator.text}', expected: ${BINARY}`);
    }
    const values = operator.is === 'in' || operator.is === 'notin' ? this.values() : this.exactValue();
    return requirementOf(key, operator.is as Operator, [...new Set(values)].sort());
  }

  private values(): string[] {
    const open = this.take();
    if (open.is !== '(') throw new Error(`found '${open.text}' expected: '('`);
    const first = this.peek();
    if (first.is === ')') {
      this.take();
      return [''];
    }
    if (first.is !== 'identifier' && first.is !== ',') {
      throw new Error(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.list();
    if (this.take().is !== ')') throw new Error(`found '${first.text}', expected: ')'`);
    return values;
  }

  private list(): string[] {
    const values: string[] = [];
    for (;;) {
      const token = this.take();
      if (token.is === 'identifier') {
        values.push(token.text);
        const next = this.peek();
        if (next.is === ')') return values;
        if (next.is !== ',') throw new Error(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.is === ',') {
        if (values.length === 0) values.push('');
        const next = this.peek();
        if (next.is === ')' || next.is === ',') values.push('');
        if (next.is === ')') return values;
      } else {
        throw new Error(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }

  private exactValue(): string[] {
    const next = this.peek();
    if (next.is === 'end' || next.is === ',') return [''];
    const token = this.take();
    if (token.is !== 'identifier') throw new Error(`found '${token.text}', expected: identifier`);
    return [token.text];
  }
}

function requirementOf(key: string, operator: Operator, values: string[]): LabelSelector {
  check(key, operator, values);
  const has = (labels: { [key: string]: string }) => Object.hasOwn(labels, key);
  const value = (labels: { [key: string]: string }) => labels[key] ?? '';
  switch (operator) {
    case 'exists':
      return has;
    case '!':
      return (labels) => !has(labels);
    case 'notin':
    case '!=':
      return (labels) => !has(labels) || !values.includes(value(labels));
    case 'gt':
    case 'lt': {
      const limit = BigInt(values[0] ?? '0');
      return (labels) => {
        if (!has(labels) || !/^[+-]?\d+$/.test(value(labels))) return false;
        return operator === 'gt' ? BigInt(value(labels)) > limit : BigInt(value(labels)) < limit;
      };
    }
    default:
      return (labels) => has(labels) && values.includes(value(labels));
  }
}

function check(key: string, operator: Operator, values: string[]): void {
  const errors: FieldError[] = [];
  values.forEach((value, i) => {
    if ((operator === 'gt' || operator === 'lt') && !/^[+-]?\d+$/.test(value)) {
      errors.push(fieldInvalid(`values[${i}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
  });
  values.forEach((value, i) => {
    const problems = labelValueErrors(value);
    if (problems.length > 0) errors.push(fieldInvalid(`values[${i}][${key}]`, value, problems.join('; ')));
  });
  if (errors.length === 0) return;
  const texts = errors.map(errorText);
  throw new Error(texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`);
}
