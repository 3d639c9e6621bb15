// Suites that need a part of the system (see system-parts.ts).
import { describe, inject } from 'vitest';
import type { PartName } from './system-parts.ts';

/** A suite that needs a part of the system; where it is missing the suite's name says why it is skipped. */
export function describeWith(part: PartName, name: string, body: () => void): void {
  const reason = inject('missingParts')[part];
  describe.skipIf(reason !== '')(reason === '' ? name : `${name} [skipped: ${reason}]`, body);
}
