/** Rules for names, labels and their like, with their messages (apimachinery pkg/util/validation/validation.go). */

const SUBDOMAIN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;
const CONFIG_KEY = '[-._a-zA-Z0-9]+';

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const subdomain = whole(SUBDOMAIN);
const label = whole(LABEL);
const qualifiedName = whole(QUALIFIED);
const labelValue = whole(LABEL_VALUE);
const configKey = whole(CONFIG_KEY);

const bytes = (text: string): number => Buffer.byteLength(text);
/** The server's own two wordings: names and values count characters, parts of label keys bytes. */
const tooLong = (limit: number) => `must be no more than ${limit} characters`;
const tooManyBytes = (limit: number) => `must be no more than ${limit} bytes`;

function regexError(message: string, pattern: string, ...examples: string[]): string {
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${pattern}')`;
}

const SUBDOMAIN_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_MESSAGE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";

export function subdomainErrors(name: string, tooLarge = tooLong): string[] {
  const errors = bytes(name) > 253 ? [tooLarge(253)] : [];
  return subdomain.test(name) ? errors : [...errors, regexError(SUBDOMAIN_MESSAGE, SUBDOMAIN, 'example.com')];
}

export function labelErrors(name: string): string[] {
  const errors = bytes(name) > 63 ? [tooLong(63)] : [];
  // Said alone, since it is what people try (validation.NameIsDNSLabel).
  if (name.includes('.')) errors.push('must not contain dots');
  if (/^[-a-z0-9.]*$/.test(name) && name.includes('.')) return errors;
  return label.test(name) ? errors : [...errors, regexError(LABEL_MESSAGE, LABEL, 'my-name', '123-abc')];
}

/** generateName may end in a dash, which stands for what is to come. */
export const maskTrailingDash = (name: string): string =>
  name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;

export function qualifiedNameErrors(value: string): string[] {
  const parts = value.split('/');
  const errors: string[] = [];
  const name = parts.at(-1) ?? '';
  if (parts.length > 2) {
    return [
      `a valid label key ${regexError("must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character", QUALIFIED, 'MyName', 'my.name', '123-abc')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') errors.push('prefix part must be non-empty');
    else errors.push(...subdomainErrors(prefix, tooManyBytes).map((message) => `prefix part ${message}`));
  }
  if (name === '') errors.push('name part must be non-empty');
  else if (bytes(name) > 63) errors.push(`name part ${tooManyBytes(63)}`);
  if (!qualifiedName.test(name)) {
    errors.push(
      `name part ${regexError("must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character", QUALIFIED, 'MyName', 'my.name', '123-abc')}`,
    );
  }
  return errors;
}

export function labelValueErrors(value: string): string[] {
  const errors = bytes(value) > 63 ? [tooManyBytes(63)] : [];
  if (labelValue.test(value)) return errors;
  return [
    ...errors,
    regexError(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      LABEL_VALUE,
      'MyValue',
      'my_value',
      '12345',
    ),
  ];
}

export function configKeyErrors(key: string): string[] {
  const errors = bytes(key) > 253 ? [tooLong(253)] : [];
  if (!configKey.test(key)) {
    errors.push(
      regexError(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        CONFIG_KEY,
        'key.name',
        'KEY_NAME',
        'key-name',
      ),
    );
  }
  if (key === '.') errors.push("must not be '.'");
  else if (key === '..') errors.push("must not be '..'");
  else if (key.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}

/** Names become path segments whatever their kind (apimachinery pkg/api/validate/content/path.go). */
export function pathSegmentErrors(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((char) => name.includes(char)).map((char) => `may not contain '${char}'`);
}
