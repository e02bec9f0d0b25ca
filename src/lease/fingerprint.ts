/**
 * Which elector library probably wrote a Lease. Nothing in the object says so: what is known is how nine unmodified
 * libraries write (research/measured.md, point 10 and table s; research/semantics.md, section 1c). A guess always comes
 * with its reasons, and `unknown` is a good answer.
 */
import { type FieldWriter, fieldWriters, writerOf } from './managed-fields.js';
import { MICROS_PER_MS, MICROS_PER_SECOND, type Micros } from './micro-time.js';
import type { LeaseRecord, LeaseRole } from './record.js';

/**
 * An elector library, or a component that writes Leases that are no elections. `client-go` includes what is built on it
 * unless more is known. `dotnet` is never guessed: its clients send no name, and nothing else sets its writes apart.
 */
export type ElectorFamily =
  | 'client-go'
  | 'controller-runtime'
  | 'kube-leader-election'
  | 'kunobi-ha'
  | 'fabric8'
  | 'java-official'
  | 'dotnet'
  | 'python'
  | 'npm-codedependant'
  | 'kle'
  | 'kubelet'
  | 'kube-apiserver'
  | 'unknown';

export type TimePrecision = 'seconds' | 'milliseconds' | 'microseconds';

export type FingerprintReason =
  | { code: 'role'; role: LeaseRole }
  /** Who last moved renewTime, by User-Agent or fieldManager. */
  | { code: 'manager'; manager: string; operation: string }
  /** The manager is the identity itself, which kube-leader-election sends as fieldManager. */
  | { code: 'manager-is-holder'; manager: string }
  /** The client sent no User-Agent: kube-rs and .NET do not. */
  | { code: 'no-user-agent' }
  /** The server sent no managedFields about spec. */
  | { code: 'no-managed-fields' }
  /** renewTime was last moved by a tool; the holder's own writer is looked at instead. */
  | { code: 'edited-by'; manager: string }
  | { code: 'time-precision'; precision: TimePrecision }
  /** The Lease has a holder and no leaseTransitions: that library never writes them. */
  | { code: 'no-transitions' }
  /** `<hostname>_<uuid>`, as controller-runtime, kube-controller-manager and many client-go programs make it. */
  | { code: 'identity-hostname-uuid' }
  /** `kle/<id>`: an operation of kle holds it. */
  | { code: 'identity-kle-operation' }
  /** The name begins with eight hex digits and a dot, as kubebuilder's scaffold makes leader election ids. */
  | { code: 'name-kubebuilder' }
  /** The evidence fits all of these. */
  | { code: 'not-told-apart'; families: ElectorFamily[] };

export interface Fingerprint {
  family: ElectorFamily;
  /** `likely`: a name that only this library sends. `possible`: it fits, and others might too. Null for `unknown`. */
  confidence: 'likely' | 'possible' | null;
  reasons: FingerprintReason[];
}

/** What the guess is made from. */
interface Evidence {
  manager: string | null;
  precision: TimePrecision | null;
  holder: string;
  noTransitions: boolean;
  hostnameUuid: boolean;
  /** An entry without a User-Agent owns other fields of spec. */
  othersUnnamed: boolean;
  leaseName: string;
}

type Guess = { family: ElectorFamily; confidence: 'likely' | 'possible' | null; because: FingerprintReason[] };

const UUID_IDENTITY = /^.+_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const KUBEBUILDER_NAME = /^[0-9a-f]{8}\./;
/** Managers that write for people, or for kle's verbs; the elector is somebody else. */
const TOOL = /^(kubectl.*|kle|k9s|helm|argocd-.*|Mozilla|curl|python-requests)$/;
const UNNAMED = 'unknown';

/** Guesses the library from one record. Reads managedFields at each call: for one Lease, not for lists. */
export function fingerprint(record: LeaseRecord): Fingerprint {
  const role: FingerprintReason = { code: 'role', role: record.role };
  if (record.role === 'node-heartbeat') return { family: 'kubelet', confidence: 'likely', reasons: [role] };
  if (record.role === 'apiserver-identity') return { family: 'kube-apiserver', confidence: 'likely', reasons: [role] };
  const writers = fieldWriters(record);
  const { writer, editedBy } = electorOf(writers, record);
  const evidence = evidenceOf(record, writers, writer);
  const { family, confidence, because } = guess(evidence);
  const reasons: FingerprintReason[] = record.role === 'coordinated' ? [role] : [];
  if (editedBy !== null) reasons.push({ code: 'edited-by', manager: editedBy });
  if (writers.length === 0) reasons.push({ code: 'no-managed-fields' });
  if (writer?.manager === UNNAMED) reasons.push({ code: 'no-user-agent' });
  else if (writer) reasons.push({ code: 'manager', manager: writer.manager, operation: writer.operation });
  return { family, confidence, reasons: [...reasons, ...because] };
}

/** The writer to look at: of renewTime, unless a tool moved it last and somebody else wrote the holder. */
function electorOf(writers: FieldWriter[], record: LeaseRecord): { writer?: FieldWriter; editedBy: string | null } {
  const renewer = writerOf(writers, 'renewTime');
  const namer = writerOf(writers, 'holderIdentity');
  if (!renewer) return { ...(namer && { writer: namer }), editedBy: null };
  const editing = TOOL.test(renewer.manager) && renewer.manager !== record.holder;
  if (editing && namer && namer.manager !== renewer.manager) return { writer: namer, editedBy: renewer.manager };
  return { writer: renewer, editedBy: null };
}

function evidenceOf(record: LeaseRecord, writers: FieldWriter[], writer: FieldWriter | undefined): Evidence {
  const holder = record.holder ?? '';
  return {
    manager: writer?.manager ?? null,
    precision: precisionOf([record.acquireTime, record.renewTime]),
    holder,
    noTransitions: holder !== '' && record.transitions === null,
    hostnameUuid: UUID_IDENTITY.test(holder),
    othersUnnamed: writers.some((other) => other !== writer && other.manager === UNNAMED),
    leaseName: record.name,
  };
}

/** One time of microseconds in a thousand looks like milliseconds, so both count; null when there is none. */
function precisionOf(times: (Micros | null)[]): TimePrecision | null {
  const known = times.filter((time) => time !== null);
  if (known.length === 0) return null;
  if (known.every((time) => time % MICROS_PER_SECOND === 0n)) return 'seconds';
  return known.every((time) => time % MICROS_PER_MS === 0n) ? 'milliseconds' : 'microseconds';
}

function guess(evidence: Evidence): Guess {
  const { manager, holder } = evidence;
  if (holder.startsWith('kle/')) return likely('kle', { code: 'identity-kle-operation' });
  if (manager === null) return byShape(evidence);
  if (manager === holder && holder !== '') return byOwnName(evidence);
  switch (manager) {
    case UNNAMED:
      return unnamed(evidence);
    case 'fabric8-kubernetes-client':
      return likely('fabric8');
    case 'Kubernetes Java Client':
      return likely('java-official');
    case 'OpenAPI-Generator':
      // Every generated client may call itself so; only Python's electors leave leaseTransitions out.
      return evidence.noTransitions ? likely('python', { code: 'no-transitions' }) : unknown();
    case 'node-fetch':
      return evidence.noTransitions ? possible('npm-codedependant', { code: 'no-transitions' }) : unknown();
    case 'kle':
      return likely('kle');
    case 'kube-controller-manager':
    case 'cloud-controller-manager':
    case 'kube-scheduler':
      return likely('client-go');
    default:
      return TOOL.test(manager) ? unknown() : goProgram(evidence);
  }
}

/** kube-rs sends no User-Agent, .NET neither. Only kunobi-ha cuts its times to whole seconds. */
function unnamed({ precision, noTransitions }: Evidence): Guess {
  if (precision === 'seconds' && !noTransitions) return likely('kunobi-ha', { code: 'time-precision', precision });
  return unknown({ code: 'not-told-apart', families: ['kube-leader-election', 'dotnet'] });
}

/** A Go program may be called like its identity; one that created the Lease without a User-Agent is not written in Go. */
function byOwnName({ manager, othersUnnamed }: Evidence): Guess {
  const reason: FingerprintReason = { code: 'manager-is-holder', manager: manager ?? '' };
  if (othersUnnamed) return likely('kube-leader-election', reason);
  return possible('kube-leader-election', reason, {
    code: 'not-told-apart',
    families: ['kube-leader-election', 'client-go'],
  });
}

/** client-go sends the name of the program, which can be anything; its times have microseconds. */
function goProgram({ manager, precision, noTransitions, hostnameUuid, leaseName }: Evidence): Guess {
  if (precision !== 'microseconds' || noTransitions) return unknown();
  const because: FingerprintReason[] = [{ code: 'time-precision', precision }];
  if (hostnameUuid) because.push({ code: 'identity-hostname-uuid' });
  const scaffolded = KUBEBUILDER_NAME.test(leaseName);
  if (scaffolded) because.push({ code: 'name-kubebuilder' });
  // `manager` is the program's name in kubebuilder's Dockerfile.
  if (hostnameUuid && (scaffolded || manager === 'manager')) return possible('controller-runtime', ...because);
  return possible('client-go', ...because, {
    code: 'not-told-apart',
    families: ['client-go', 'controller-runtime'],
  });
}

/** managedFields were stripped, as some tools do to saved Leases: only the shape of the values is left. */
function byShape({ precision, noTransitions }: Evidence): Guess {
  if (precision === null) return unknown();
  const because: FingerprintReason[] = [{ code: 'time-precision', precision }];
  if (noTransitions) because.push({ code: 'no-transitions' });
  if (precision === 'seconds' && !noTransitions) return possible('kunobi-ha', ...because);
  if (precision === 'milliseconds') return possible(noTransitions ? 'npm-codedependant' : 'java-official', ...because);
  if (precision === 'microseconds' && noTransitions) return possible('python', ...because);
  return unknown(...because);
}

const likely = (family: ElectorFamily, ...because: FingerprintReason[]): Guess => ({
  family,
  confidence: 'likely',
  because,
});
const possible = (family: ElectorFamily, ...because: FingerprintReason[]): Guess => ({
  family,
  confidence: 'possible',
  because,
});
const unknown = (...because: FingerprintReason[]): Guess => ({ family: 'unknown', confidence: null, because });
