import { Document, visit } from 'yaml';
import { escapeForJson, hasHidden } from './json.js';

/** The document as YAML. What a terminal would obey or hide is written as an escape, which only quoted text can hold. */
export function yamlText(document: object): string {
  const yaml = new Document(JSON.parse(JSON.stringify(document)));
  visit(yaml, {
    Scalar(_, node) {
      // Block text would be chosen for line feeds, and yaml 2.9 loses blanks at its beginning.
      if (typeof node.value === 'string' && (hasHidden(node.value) || node.value.includes('\n'))) {
        node.type = 'QUOTE_DOUBLE';
      }
    },
  });
  return escapeForJson(yaml.toString({ lineWidth: 0 }));
}
