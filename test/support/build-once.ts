import { execFileSync } from 'node:child_process';

/** The CLI tests run the built binary, so the build must be that of the sources under test. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}
