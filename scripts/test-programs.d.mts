export class MissingToolchain extends Error {}

export function buildTestPrograms(options?: {
  log?: (line: string) => void;
}): Promise<{ apiserver: string; clientGo: string; controllerRuntime: string; kubeLeaderElection: string }>;
