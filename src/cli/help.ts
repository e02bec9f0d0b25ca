/** Help texts: the list of verbs here, each verb's own by oclif from its flags. */
import type { Command } from '@oclif/core/command';
import { CommandHelp } from '@oclif/core/help';
import type { KleCommandClass } from './base-command.js';
import { oclifConfig } from './oclif-config.js';
import { verbs } from './verbs.js';

export function rootHelp(): string {
  const longest = Math.max(...Object.keys(verbs).map((name) => name.length));
  const list = Object.entries(verbs).map(([name, verb]) => `  ${name.padEnd(longest)}  ${verb.summary}`);
  return `See, move and break Kubernetes leader-election Leases.

USAGE
  kle COMMAND [FLAGS]

COMMANDS
${list.join('\n')}

EXAMPLES
  kle status                         who leads in this namespace
  kle status -A --check              exit 1 unless every Lease is held
  kle status -n kube-system -o wide  with duration, elector family and problems

\`kle COMMAND --help\` has the flags and examples of a command.
`;
}

/** `Class.id` is the verb's name. */
export async function verbHelp(Class: KleCommandClass): Promise<string> {
  const named = <T extends object>(items: Record<string, T>) =>
    Object.fromEntries(Object.entries(items).map(([name, item]) => [name, { ...item, name }]));
  const loadable = {
    id: Class.id,
    summary: Class.summary,
    description: Class.description,
    examples: Class.examples,
    usage: Class.usage,
    aliases: [],
    args: named(Class.args),
    flags: named(Class.flags ?? {}),
    strict: Class.strict,
    hidden: false,
    load: async () => Class,
  } as object as Command.Loadable;
  const help = new CommandHelp(loadable, oclifConfig, { maxWidth: 80, stripAnsi: true, showFlagNameInTitle: false });
  return `${Class.summary ?? ''}\n\n${help.generate()}\n`;
}
