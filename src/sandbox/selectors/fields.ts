/** Field selectors: `name=value` terms over the few fields a kind lets select by (apimachinery pkg/fields/selector.go). */

export interface FieldTerm {
  field: string;
  equal: boolean;
  value: string;
}

/** Throws an Error whose message is the server's. */
export function parseFieldSelector(selector: string): FieldTerm[] {
  return splitTerms(selector)
    .sort()
    .filter((part) => part !== '')
    .map((part) => {
      const match = /!=|==|=/.exec(part);
      if (!match) throw new Error(`invalid selector: '${selector}'; can't understand '${part}'`);
      const value = unescaped(part.slice(match.index + match[0].length));
      return { field: part.slice(0, match.index), equal: match[0] !== '!=', value };
    })
    .filter(({ field, value }) => field !== '' || value !== '');
}

export function matchesFields(terms: FieldTerm[], fields: { [field: string]: string }): boolean {
  return terms.every(({ field, equal, value }) => ((fields[field] ?? '') === value) === equal);
}

/** The value a selector asks a field to have, if it does. */
export const exactMatch = (terms: FieldTerm[], field: string): string | undefined =>
  terms.find((term) => term.field === field && term.equal)?.value;

function splitTerms(selector: string): string[] {
  const terms: string[] = [''];
  for (let i = 0; i < selector.length; i++) {
    const char = selector.charAt(i);
    if (char === ',') terms.push('');
    else terms[terms.length - 1] += char === '\\' ? char + selector.charAt(++i) : char;
  }
  return terms;
}

function unescaped(text: string): string {
  let value = '';
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === ',' || char === '=')
      throw new Error(`invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`);
    if (char !== '\\') {
      value += char;
      continue;
    }
    const next = text.charAt(++i);
    if (next === '' || !'\\,='.includes(next)) {
      throw new Error(`invalid field selector: invalid escape sequence: \\${next}`);
    }
    value += next;
  }
  return value;
}
