import { distance } from 'fastest-levenshtein';

/** The known word that `word` is probably a slip of; undefined when none is near. */
export function suggestion(word: string, known: readonly string[]): string | undefined {
  const near = known
    .map((candidate) => ({ candidate, edits: distance(word, candidate) }))
    .filter(
      ({ candidate, edits }) => edits <= Math.max(1, Math.floor(candidate.length / 3)) || candidate.startsWith(word),
    )
    .sort((a, b) => a.edits - b.edits);
  return word === '' ? undefined : near[0]?.candidate;
}
