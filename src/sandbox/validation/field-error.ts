/** An error about one field, in the words of apimachinery pkg/util/validation/field/errors.go. */
import { quoteGo } from '../json/reader.js';
import type { Json, JsonObject } from '../json/value.js';

export interface FieldError {
  field: string;
  reason:
    | 'FieldValueInvalid'
    | 'FieldValueRequired'
    | 'FieldValueForbidden'
    | 'FieldValueNotSupported'
    | 'FieldValueTooLong';
  /** Without the field. */
  body: string;
}

export const fieldInvalid = (field: string, value: Json | undefined, detail: string): FieldError => ({
  field,
  reason: 'FieldValueInvalid',
  body: withDetail(`Invalid value: ${goValue(value)}`, detail),
});

export const fieldRequired = (field: string, detail = ''): FieldError => ({
  field,
  reason: 'FieldValueRequired',
  body: withDetail('Required value', detail),
});

export const fieldForbidden = (field: string, detail: string): FieldError => ({
  field,
  reason: 'FieldValueForbidden',
  body: withDetail('Forbidden', detail),
});

export const fieldTooLong = (field: string, limit: number): FieldError => ({
  field,
  reason: 'FieldValueTooLong',
  body: `Too long: may not be more than ${limit} bytes`,
});

export const fieldNotSupported = (field: string, value: Json, accepted: string[]): FieldError => ({
  field,
  reason: 'FieldValueNotSupported',
  body: `Unsupported value: ${goValue(value)}: supported values: ${accepted.map(quoteGo).join(', ')}`,
});

const withDetail = (text: string, detail: string): string => (detail === '' ? text : `${text}: ${detail}`);

function goValue(value: Json | undefined): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return quoteGo(value);
  return JSON.stringify(value);
}

/** One error as it is, several in brackets; the same text is said once. */
export function joinErrors(errors: FieldError[]): string {
  const texts = [...new Set(errors.map(errorText))];
  return texts.length === 1 ? String(texts[0]) : `[${texts.join(', ')}]`;
}

export const errorText = ({ field, body }: FieldError): string => `${field}: ${body}`;

export const causesOf = (errors: FieldError[]): JsonObject[] =>
  errors.map(({ field, reason, body }) => ({ reason, message: body, field }));
